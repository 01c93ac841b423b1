import assert from "node:assert/strict";
import { chain, discard, type Handler, named, on, procmail, say, type Target } from "postmaster";
import { Client } from "postmaster/testing";
import type { LogEvent, LogFields } from "../../src/log/event.ts";
import { codes, Running, sendMail } from "../running.ts";

/** What modules that nobody checks for types can answer, and what the log says of it. */
const NONSENSE: Readonly<Record<string, readonly [target: unknown, wanted: RegExp]>> = {
  "a command with an index": [
    { target: "pipe", args: { argv: ["procmail", 0, ["joe"], "-d", "joe"] } },
    /target pipe: argv\[1\]: .*string/,
  ],
  "a command that is no list": [{ target: "pipe", args: { argv: "cat" } }, /argv: /],
  "no command": [{ target: "pipe", args: {} }, /argv: /],
  "an empty command": [{ target: "pipe", args: { argv: [] } }, /names no program/],
  "an unknown placeholder": [
    { target: "pipe", args: { argv: ["cat", "{usr}"] } },
    /did you mean \{user\}/,
  ],
  "an option that there is not": [{ target: "pipe", args: { argv: ["cat"], usr: "joe" } }, /usr/],
  "a time that is none": [{ target: "pipe", args: { argv: ["cat"], timeout: NaN } }, /timeout: /],
  "no arguments": [{ target: "pipe" }, /target pipe|plain data/],
  "a relay to nobody": [{ target: "relay", args: { recipients: [] } }, /recipients: /],
  "a relay to what is no address": [
    { target: "relay", args: { recipients: ["joe"] } },
    /"joe" is not a mailbox/,
  ],
  "a discard with arguments": [{ target: "discard", args: { to: "/dev/null" } }, /to/],
};

/** The culprit broke: `handler` and `error` of the log. */
function recorded() {
  const broken: (readonly [handler: string, error: string])[] = [];
  const log = Object.assign(
    <E extends LogEvent>(event: E, fields: LogFields[E]) => {
      const { handler, error } = fields as LogFields["handler broke"];
      if (event === "handler broke") broken.push([handler, error]);
    },
    { wants: () => true },
  );
  return { log, broken };
}

const ENVELOPE = ["EHLO c.example", "MAIL FROM:<ann@example.org>", "RCPT TO:<joe@example.net>"];

async function say451(client: Client, ...commands: readonly string[]): Promise<void> {
  await client.reply();
  assert.equal((await codes(client, ...commands)).at(-1), 451);
}

const passOn = named("outside", async (_event, next) => await next());

for (const [what, [target, wanted]] of Object.entries(NONSENSE)) {
  Deno.test(`a handler that answers a recipient with ${what} is broken`, async () => {
    const bad = target as Target;
    const answers: Readonly<Record<string, Handler>> = {
      alone: on("AddRcptTo", () => bad),
      "with a good one": on("AddRcptTo", () => [procmail("joe"), bad]),
      later: on("AddRcptTo", () => Promise.resolve(bad)),
      "as a copy": on("AddRcptTo", ({ mailbox: recipient }) => ({
        ...say(2, 5, 0, "ok"),
        routes: [{ recipient, target: discard() }, { recipient, target: bad, copy: true }],
      })),
    };
    for (const [how, answer] of Object.entries(answers)) {
      const { log, broken } = recorded();
      using client = Client.of(chain(passOn, named("culprit", answer)), { log });
      await say451(client, ...ENVELOPE);
      assert.deepEqual(broken.map(([handler]) => handler), ["culprit"], how);
      assert.match(broken[0]![1], wanted, how);
    }
  });

  Deno.test(`a handler that sends a message on to ${what} is broken, and nobody gets it`, async () => {
    const { log, broken } = recorded();
    const culprit = on("Deliver", (event, next) => {
      const [route] = event.routes;
      return next({ ...event, routes: [route!, { ...route!, target: target as Target }] });
    });
    const policy = chain(passOn, named("culprit", culprit), on("AddRcptTo", () => discard()));
    using client = Client.of(policy, { log });
    await say451(client, ...ENVELOPE, "DATA", "Subject: hello\r\n\r\nhello\r\n.");
    assert.deepEqual(broken.map(([handler]) => handler), ["culprit"]);
    assert.match(broken[0]![1], wanted);
    assert.deepEqual(client.kept, []);
  });
}

const POLICY = `
import { on, pipe, procmail, relay, Mailbox } from "postmaster";

const pair = ["joe", "jane"];

export default on("AddRcptTo", ({ mailbox }, next) => {
  switch (mailbox.local) {
    case "mapped": return pair.map(procmail);
    case "nobody": return pipe(["cat"], { user: "no-such-user" });
    case "group": return pipe(["cat"], { group: "no-such-group" });
    case "away": return relay([Mailbox.parse("joe@example.org")]);
    case "pigeon": return { target: "carrier pigeon", args: {} };
    default: return next();
  }
});
`;

Deno.test("a server defers a recipient at RCPT whose mail can go nowhere, and names the handler", async () => {
  await using server = await Running.start((directory) => ({
    handlers: [directory.write("policy.ts", POLICY)],
  }));
  using client = await server.connect();
  await codes(client, "EHLO client.example.org", "MAIL FROM:<ann@example.org>");
  for (
    const [local, wanted] of [
      ["mapped", "second argument of procmail.*, not 0.*policy.ts:8:"],
      ["nobody", "target pipe: there is no user no-such-user"],
      ["group", "target pipe: there is no group no-such-group"],
      ["away", "target relay: .*set `relay` in the configuration"],
      ["pigeon", "target carrier pigeon: there is no target"],
    ] as const
  ) {
    assert.deepEqual(await codes(client, `RCPT TO:<${local}@example.net>`), [451], local);
    await server.logs(
      new RegExp(`error .*handler broke .*event=AddRcptTo .*policy.ts.*${wanted}`),
    );
  }
  assert.deepEqual(await codes(client, "DATA"), [503], "none of them was accepted");
  await codes(client, "RSET");
  assert.equal(await sendMail(client), 250);
  assert.match(server.directory.read("mail"), /\nDelivered-To: you@example\.net\n/);
});
