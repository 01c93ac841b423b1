import assert from "node:assert/strict";
import {
  chain,
  discard,
  type Event,
  type Handler,
  Mailbox,
  named,
  on,
  printSteps,
  procmail,
  readHeader,
  say,
} from "postmaster";
import { mail, rcpt } from "postmaster/testing";
import { watchedEvent } from "../../src/handler/header_changes.ts";
import { answererOf, printEvent } from "../../src/handler/print_steps.ts";
import { type Step, SUPERVISOR, watched } from "../../src/handler/supervisor.ts";
import { NO_PARAMETERS } from "../../src/smtp/parameters.ts";
import { asking } from "../handlers/ask.ts";

const refuse = named("refuse", on("AddRcptTo", () => say(5, 5, 0, "unknown recipient", "5.1.1")));
const pass = (name: string): Handler => named(name, (_event, next) => next());

/** The steps of a question so far, once what can happen at once has. */
async function steps(handler: Handler, event: Event = rcpt("joe@example.net")): Promise<Step[]> {
  const { session, ask } = asking(handler);
  const all: Step[] = watched(session)[SUPERVISOR].recording = [];
  void ask(event);
  await new Promise((resolve) => setTimeout(resolve));
  return all;
}

/** As printed, without the times. */
const printed = async (handler: Handler, event?: Event): Promise<string[]> =>
  printSteps(await steps(handler, event)).map((line) => line.replace(/ \(\d+\.\d ms\)$/, ""));

Deno.test("handlers that only pass on stand one below the other, down to the one that answers", async () => {
  assert.deepEqual(await printed(chain(pass("a"), pass("longer"), refuse)), [
    "AddRcptTo <joe@example.net>",
    "  a       passed on",
    "  longer  passed on",
    "  refuse  answered 550 5.1.1 unknown recipient",
  ]);
});

Deno.test("a handler that changes the answer is said to have answered", async () => {
  const discreet = named("discreet", async (_event, next) => ({ ...await next(), lines: ["no"] }));
  assert.deepEqual(await printed(chain(pass("a"), discreet, refuse)), [
    "AddRcptTo <joe@example.net>",
    "  a         passed on",
    "  discreet  passed on, answered 550 5.1.1 no",
    "  refuse    answered 550 5.1.1 unknown recipient",
  ]);
});

Deno.test("what a handler makes of an event is there", async () => {
  const jane = Mailbox.parse("jane@example.net");
  const rename = named(
    "rename",
    on("AddRcptTo", (event, next) => next({ ...event, mailbox: jane })),
  );
  assert.deepEqual(await printed(chain(rename, refuse)), [
    "AddRcptTo <joe@example.net>",
    "  rename  passed on as AddRcptTo <jane@example.net>",
    "  refuse  answered 550 5.1.1 unknown recipient",
  ]);
});

async function* nothing(): AsyncGenerator<Uint8Array> {}

const message: Event = {
  type: "Deliver",
  body: nothing(),
  routes: [{ recipient: Mailbox.parse("joe@example.net"), target: procmail("joe") }],
  signal: AbortSignal.abort(),
};

Deno.test("so is what it makes of a message and of where that goes", async () => {
  const stamp = named("stamp", on("Deliver", (event, next) => next({ ...event, body: nothing() })));
  const archive = on("Deliver", (event, next) => {
    const copy = { recipient: Mailbox.parse("archive@example.net"), target: discard() };
    return next({ ...event, routes: [...event.routes, copy] });
  });
  const lose = named("lose", on("Deliver", (event, next) => next({ ...event, routes: [] })));
  assert.deepEqual(await printed(chain(stamp, named("archive", archive), lose), message), [
    "Deliver",
    "  stamp    passed on with another body",
    "  archive  passed on for joe@example.net (pipe), archive@example.net (discard)",
    "  lose     passed on for nobody",
    "  core     answered 250 2.0.0 ok",
  ]);
});

Deno.test("the fields that it changed are named, and nothing that is in them", async () => {
  async function* octets(text: string): AsyncGenerator<Uint8Array> {
    for (const piece of text.match(/[^]{1,7}/g)!) yield new TextEncoder().encode(piece);
  }
  const before = "Subject: secret\r\nBcc: ann@example.net\r\nX-A: 1\r\nX-A: 2\r\n\r\nbody\r\n";
  const after = "X-Spam: yes\r\nSubject: other\r\n secret\r\nX-A: 1\r\n\r\nbody\r\n";
  const change = on("Deliver", (event, next) => {
    const body = async function* () {
      for await (const _ of event.body);
      yield* octets(after);
    };
    return next({ ...event, body: body() });
  });
  const same = on("Deliver", async (event, next) => {
    const { body } = await readHeader(event.body);
    return next({ ...event, body });
  });
  const read = on("Deliver", async (event, next) => {
    for await (const _ of event.body);
    return next(event);
  });
  const event = watchedEvent({ ...message, body: octets(before) });
  const whole = chain(named("same", same), named("change", change), named("read", read));
  assert.deepEqual(await printed(whole, event), [
    "Deliver",
    "  same    passed on with another body",
    "  change  passed on with another body (+X-Spam, ~Subject, -Bcc, -X-A)",
    "  read    passed on",
    "  core    answered 250 2.0.0 ok",
  ]);
});

Deno.test("what a handler triggered is indented below it", async () => {
  const list = named(
    "list",
    on("AddRcptTo", async (event, next, session) => {
      if (session.depth > 0) return next();
      await next();
      const members = ["jane", "jim"].map((local) => new Mailbox(local, "example.net"));
      for (const mailbox of members) await session.trigger({ ...event, mailbox });
      return say(4, 5, 0, "later");
    }),
  );
  assert.deepEqual(await printed(chain(pass("outside"), list, refuse)), [
    "AddRcptTo <joe@example.net>",
    "  outside  passed on",
    "  list     passed on, asked again 2 times, answered 450 4.2.0 later",
    "    AddRcptTo <joe@example.net>",
    "      refuse  answered 550 5.1.1 unknown recipient",
    ...["jane", "jim"].flatMap((local) => [
      `    AddRcptTo <${local}@example.net>`,
      "      outside  passed on",
      "      list     passed on",
      "      refuse   answered 550 5.1.1 unknown recipient",
    ]),
  ]);
});

Deno.test("what was passed on several times has a place for each", async () => {
  const twice = named("twice", async (_event, next) => {
    await next();
    return await next();
  });
  assert.deepEqual(await printed(chain(twice, refuse)), [
    "AddRcptTo <joe@example.net>",
    "  twice  passed on 2 times",
    "    AddRcptTo <joe@example.net>",
    "      refuse  answered 550 5.1.1 unknown recipient",
    "    AddRcptTo <joe@example.net>",
    "      refuse  answered 550 5.1.1 unknown recipient",
  ]);
});

Deno.test("a handler that broke has failed, and one that hangs has not answered", async () => {
  const broken = named("broken", () => {
    throw new Error("oops");
  });
  assert.deepEqual(await printed(chain(pass("a"), broken)), [
    "AddRcptTo <joe@example.net>",
    "  a       passed on",
    "  broken  failed: 451 4.3.0 local error in processing",
  ]);
  const hanging = named("hanging", () => new Promise<never>(() => {}));
  assert.deepEqual(
    await printed(chain(named("a", async (_event, next) => await next()), hanging)),
    [
      "AddRcptTo <joe@example.net>",
      "  a        passed on",
      "  hanging  has not answered",
    ],
  );
});

Deno.test("the time of a handler is its own, without those whom it asked", () => {
  const shape = { place: 0, depth: 0, event: rcpt("joe@example.net") };
  const reply = say(2, 5, 0, "ok");
  const slow: Step = { ...shape, handler: "b", passed: [], inner: [], reply, milliseconds: 800 };
  const outer: Step = { ...slow, handler: "a", passed: [shape.event], inner: [slow] };
  assert.deepEqual(printSteps([{ ...outer, milliseconds: 802.5 }]).slice(1), [
    "  a  passed on (2.5 ms)",
    "  b  answered 250 2.0.0 ok (800.0 ms)",
  ]);
  const both = { ...outer, inner: [slow, slow], milliseconds: 900 }; // at the same time
  assert.match(printSteps([both])[1]!, /\(0\.0 ms\)$/);
});

Deno.test("the handler that answered is found behind those that handed its answer on", async () => {
  const redirect = on(
    "AddRcptTo",
    (event, next, session) =>
      session.depth > 0
        ? next()
        : session.trigger({ ...event, mailbox: Mailbox.parse("jane@example.net") }),
  );
  const [root] = await steps(chain(pass("a"), redirect, refuse));
  const { handler, depth, event } = answererOf(root!);
  assert.deepEqual([handler, depth, printEvent(event)], [
    "refuse",
    1,
    "AddRcptTo <jane@example.net>",
  ]);
});

Deno.test("an event is its name and what the client said", () => {
  const size = new Map([["SIZE", "100"], ["BODY", "8BITMIME"]]);
  const events: readonly [Event, string][] = [
    [mail(null), "SetMailFrom <>"],
    [
      { ...mail("a@b.example"), parameters: size } as Event,
      "SetMailFrom <a@b.example> SIZE=100 BODY=8BITMIME",
    ],
    [{
      type: "AddRcptTo",
      mailbox: new Mailbox("a b", "c.example", ["d.example"]),
      parameters: NO_PARAMETERS,
    }, 'AddRcptTo <@d.example:"a b"@c.example>'],
    [{ type: "SayEhlo", name: "client.example.org" }, "SayEhlo client.example.org"],
    [{ type: "SayOK", argument: "" }, "SayOK"],
    [{ type: "Unrecognized", line: "XYZZY 1" }, "Unrecognized XYZZY 1"],
    [{ type: "LimitExceeded", limit: "errors" }, "LimitExceeded errors"],
    [{
      type: "SyntaxErrorIn",
      command: "MAIL",
      fault: { code: 501, enhanced: "5.1.3", reason: "bad" },
    }, "SyntaxErrorIn MAIL"],
    [message, "Deliver"],
    [{ type: "Shutdown" }, "Shutdown"],
  ];
  for (const [event, text] of events) assert.equal(printEvent(event), text);
});
