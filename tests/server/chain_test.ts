import assert from "node:assert/strict";
import {
  chain,
  discard,
  type Handler,
  Mailbox,
  named,
  on,
  prepend,
  readHeader,
  type Reply,
  say,
} from "postmaster";
import { Client } from "postmaster/testing";
import { rewriteSender } from "postmaster/handlers";
import type { LogEvent, LogFields } from "../../src/log/event.ts";
import { onlyJoe } from "./policy.ts";

const ENVELOPE =
  "EHLO c.example\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<joe@example.net>\r\nDATA\r\n";

/** A log that the test reads. */
function recorded() {
  const records: { event: LogEvent; fields: Record<string, unknown> }[] = [];
  const log = Object.assign(
    <E extends LogEvent>(event: E, fields: LogFields[E]) =>
      void records.push({ event, fields: { ...fields } }),
    { wants: () => true },
  );
  return { log, records };
}

const BROKEN: Record<string, Handler> = {
  "throws": on("AddRcptTo", () => {
    throw new Error("oops");
  }),
  "rejects": on("AddRcptTo", () => Promise.reject(new Error("oops"))),
  "answers what can be awaited and gives nothing": (event, next) =>
    event.type === "AddRcptTo"
      ? { then: (resolve: (value: undefined) => void) => resolve(undefined) } as never
      : next(),
  "answers nothing": on("AddRcptTo", () => undefined as never),
  "answers a number": on("AddRcptTo", () => 250 as never),
  "answers a code that is none": on("AddRcptTo", () => ({ code: 99, lines: ["x"] })),
  "answers no lines": on("AddRcptTo", () => ({ code: 250, lines: [] })),
  "answers CR LF": on("AddRcptTo", () => ({ code: 550, lines: ["no\r\n250 yes"] })),
  "says CR LF": on("AddRcptTo", () => say(5, 5, 0, "no\r\n250 yes")),
  "answers a wrong enhanced code": on(
    "AddRcptTo",
    () => ({ code: 550, enhanced: "2.0.0", lines: ["x"] }),
  ),
  "accepts without a target": on("AddRcptTo", (): Reply => say(2, 5, 0, "ok")),
  "accepts with nothing but a copy": on("AddRcptTo", ({ mailbox: recipient }) => ({
    ...say(2, 5, 0, "ok"),
    routes: [{ recipient, target: discard(), copy: true }],
  })),
  "accepts with an empty list": on("AddRcptTo", () => []),
  "answers 354": on("AddRcptTo", (): Reply => say(3, 5, 4, "go on")),
  "triggers itself for ever": on("AddRcptTo", (event, _next, session) => session.trigger(event)),
};

for (const [what, broken] of Object.entries(BROKEN)) {
  Deno.test(`a handler that ${what} gives 451, is logged, and harms nobody else`, async () => {
    const { log, records } = recorded();
    using client = Client.of(chain(named("culprit", broken), onlyJoe), { log });
    await client.reply();
    await client.command("EHLO c.example");
    await client.command("MAIL FROM:<a@example.org>");
    assert.deepEqual(await client.command("RCPT TO:<joe@example.net>"), {
      code: 451,
      enhanced: "4.3.0",
      lines: ["local error in processing"],
    });
    assert.equal((await client.command("DATA")).code, 503);
    assert.equal((await client.command("NOOP")).code, 250);
    const logged = records.find(({ event }) => event === "handler broke");
    assert.equal(logged?.fields.event, "AddRcptTo");
    assert.equal(
      logged?.fields.handler,
      what === "triggers itself for ever" ? "trigger" : "culprit",
    );
  });
}

for (const nothing of [undefined, null]) {
  for (const answer of [() => nothing, () => Promise.resolve(nothing)]) {
    Deno.test(`a handler that answers ${answer} from the greeting on refuses its client`, async () => {
      const { log, records } = recorded();
      using client = Client.of(chain(answer as never, onlyJoe), { log });
      assert.equal(await client.line(), "451 local error in processing");
      assert.equal(await client.line(), undefined);
      assert.ok(records.some(({ event }) => event === "handler broke"));
    });
  }
}

Deno.test("a broken handler at Deliver defers the message", async () => {
  const broken = on("Deliver", () => Promise.reject(new Error("oops")));
  using client = Client.of(chain(broken, onlyJoe));
  client.send(`${ENVELOPE}text\r\n.\r\n`);
  for (const code of [220, 250, 250, 250, 354, 451]) {
    assert.equal((await client.reply()).code, code);
  }
  assert.equal(client.kept.length, 0);
});

/** A handler that passes on what this makes of the body. */
const changing = (name: string, change: (body: AsyncIterable<Uint8Array>) => unknown) =>
  named(
    name,
    on("Deliver", (event, next) => next({ ...event, body: change(event.body) as never })),
  );

async function* half(body: AsyncIterable<Uint8Array>) {
  for await (const chunk of body) {
    yield chunk;
    throw new Error("oops");
  }
}

/** A handler that reads the body of others, and leaves what that throws to whoever asked. */
const reading = named(
  "reader",
  on("Deliver", async (event, next) => {
    const { body } = await readHeader(event.body);
    return next({ ...event, body });
  }),
);

const innocent = changing("innocent", (body) => prepend(body, "X: y\r\n"));

for (
  const [what, change] of Object.entries<(body: AsyncIterable<Uint8Array>) => unknown>({
    "throws": half,
    "throws a text": async function* (body) {
      yield* body;
      throw "oops"; // deno-lint-ignore no-throw-literal
    },
    "is none": () => undefined,
    "gives what is no octets": async function* () {
      yield await Promise.resolve("text");
    },
  })
) {
  for (
    const [where, others] of Object.entries({ alone: [], read: [innocent, reading, innocent] })
  ) {
    Deno.test(`a body that ${what} delivers nothing, and its handler is named (${where})`, async () => {
      const { log, records } = recorded();
      const policy = chain(innocent, changing("culprit", change), ...others, onlyJoe);
      using client = Client.of(policy, { log });
      client.send(`${ENVELOPE}Subject: x\r\n\r\ntext\r\n.\r\n`);
      for (const code of [220, 250, 250, 250, 354, 451]) {
        assert.equal((await client.reply()).code, code);
      }
      assert.equal(client.kept.length, 0);
      const broke = records.filter(({ event }) => event === "handler broke");
      assert.deepEqual(broke.map(({ fields }) => fields.handler), ["culprit"]);
    });
  }
}

Deno.test("221 and 421 from any handler close the connection behind the reply", async () => {
  for (const reply of [say(2, 2, 1, "enough"), say(4, 2, 1, "enough")]) {
    using client = Client.of(on("SayOK", () => reply));
    await client.reply();
    client.send("NOOP\r\nHELP\r\n");
    assert.equal((await client.reply()).code, reply.code);
    assert.equal(await client.line(), undefined);
  }
});

Deno.test("a Greeting that is not 2xx refuses the client", async () => {
  using client = Client.of(on("Greeting", () => say(5, 5, 4, "not you")));
  assert.equal(await client.line(), "554 not you");
  assert.equal(await client.line(), undefined);
});

Deno.test("handlers see and may change every reply, errors included", async () => {
  const loud: Handler = async (_event, next) => {
    const reply = await next();
    return { ...reply, lines: reply.lines.map((line) => line.toUpperCase()) };
  };
  using client = Client.of(chain(loud, onlyJoe));
  assert.equal(await client.line(), "220 MX.EXAMPLE.NET ESMTP POSTMASTER");
  assert.deepEqual((await client.command("gibberish")).lines, ["COMMAND NOT RECOGNIZED"]);
  assert.deepEqual(
    (await client.command("MAIL FROM:<a>")).lines[0]?.startsWith("THE ADDRESS"),
    true,
  );
  assert.deepEqual((await client.command("DATA")).lines, ["SAY HELO OR EHLO FIRST"]);
});

Deno.test("a command of one's own is a positive answer to Unrecognized", async () => {
  using client = Client.of(
    on("Unrecognized", ({ line }, next) => line === "XTIME" ? say(2, 5, 0, "late") : next()),
  );
  await client.reply();
  for (let i = 0; i < 50; i++) assert.equal((await client.command("XTIME")).code, 250, "no error");
  assert.equal((await client.command("XDATE")).code, 500);
});

Deno.test("a changed event is what the handlers inside see, and its routes are delivered to", async () => {
  const seen: string[] = [];
  const policy = chain(
    on("AddRcptTo", (event, next) => {
      const { local } = event.mailbox;
      return local === "webmaster"
        ? next({ ...event, mailbox: Mailbox.parse("joe@example.net") })
        : next();
    }),
    on("AddRcptTo", ({ mailbox }, next) => {
      seen.push(String(mailbox));
      return next();
    }),
    onlyJoe,
  );
  using client = Client.of(policy);
  client.send(ENVELOPE.replace("joe", "webmaster") + "text\r\n.\r\n");
  for (const code of [220, 250, 250, 250, 354, 250]) {
    assert.equal((await client.reply()).code, code);
  }
  assert.deepEqual(seen, ["joe@example.net"]);
  assert.deepEqual(client.kept[0]?.recipients.map(String), ["joe@example.net"]);
});

/** The sender that the session has, `no transaction`, for a client's `a@example.org`. */
async function sender(policy: Handler): Promise<string> {
  let seen = "no transaction";
  const look = on("SayOK", (_event, next, { mailFrom }) => {
    if (mailFrom !== undefined) seen = String(mailFrom);
    return next();
  });
  using client = Client.of(chain(look, policy));
  await client.reply();
  await client.command("EHLO c.example");
  await client.command("MAIL FROM:<a@example.org>");
  await client.command("NOOP");
  return seen;
}

Deno.test("the sender is the one that was accepted, or that the reply says", async () => {
  const b = Mailbox.parse("b@example.org");
  const ok = say(2, 5, 0, "ok");
  assert.equal(await sender(chain()), "a@example.org");
  assert.equal(await sender(on("SetMailFrom", (e, next) => next({ ...e, mailbox: b }))), String(b));
  assert.equal(await sender(on("SetMailFrom", () => ok)), "a@example.org");
  assert.equal(await sender(on("SetMailFrom", () => ({ ...ok, sender: b }))), String(b));
  assert.equal(await sender(on("SetMailFrom", () => ({ ...ok, sender: null }))), "null");
  const text = on("SetMailFrom", () => ({ ...ok, sender: "b@example.org" as never }));
  assert.equal(await sender(text), "no transaction");
  const accepting = chain(
    rewriteSender({ "@example.org": "@example.net" }),
    on("SetMailFrom", () => ok),
  );
  assert.equal(await sender(accepting), "a@example.net");
});

Deno.test("a handler may answer at Deliver before it has read the message", async () => {
  const hasty = on("Deliver", () => say(5, 5, 4, "no thanks"));
  using client = Client.of(chain(hasty, onlyJoe));
  client.send(ENVELOPE);
  for (const code of [220, 250, 250, 250, 354]) assert.equal((await client.reply()).code, code);
  for (let i = 0; i < 100; i++) client.send(`${"x".repeat(10_000)}\r\n`);
  client.send(".\r\nNOOP\r\n");
  assert.equal((await client.reply()).code, 554);
  assert.equal((await client.reply()).code, 250);
});

Deno.test("a handler may add a route at Deliver", async () => {
  const archive = on("Deliver", (event, next) => {
    const recipient = Mailbox.parse("archive@example.net");
    return next({ ...event, routes: [...event.routes, { recipient, target: discard() }] });
  });
  using client = Client.of(chain(archive, onlyJoe));
  client.send(`${ENVELOPE}text\r\n.\r\n`);
  for (const code of [220, 250, 250, 250, 354, 250]) {
    assert.equal((await client.reply()).code, code);
  }
  assert.deepEqual(client.kept.map(({ target }) => target), ["pipe", "discard"]);
});

const EATERS: Record<string, Handler> = {
  "reads the body": on("Deliver", async (event, next) => {
    for await (const _ of event.body);
    return next();
  }),
  "looks at its beginning": on("Deliver", async (event, next) => {
    for await (const _ of event.body) break;
    return next();
  }),
};

for (const [what, eater] of Object.entries(EATERS)) {
  Deno.test(`a handler that ${what} and passes it on does not have an empty message accepted`, async () => {
    using client = Client.of(chain(eater, onlyJoe));
    await client.reply();
    client.send(ENVELOPE);
    for (let i = 0; i < 4; i++) await client.reply();
    client.send("Subject: hello\r\n\r\nhello\r\n.\r\n");
    assert.equal((await client.reply()).code, 451);
    assert.deepEqual(client.kept, []);
  });
}
