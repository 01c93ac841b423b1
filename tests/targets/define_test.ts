/**
 * Targets of one's own: the example of the documentation on a running server, and targets that misbehave.
 *
 * @module
 */
import assert from "node:assert/strict";
import { defineTarget } from "postmaster";
import { codes, Directory, postmaster, Running, sendMail } from "../running.ts";

const EXAMPLE = Deno.readTextFileSync(
  new URL("../../docs/examples/bounces.ts", import.meta.url),
);

/** A target whose delivery is what `open` says, and a handler that names it for all recipients. */
const policy = (open: string) => `
import { defineTarget, on } from "postmaster";
const own = defineTarget("own", { open: (args, context) => { ${open} } });
export default on("AddRcptTo", () => own({}));
`;

const serve = (source: (directory: Directory) => string) =>
  Running.start((directory) => {
    directory.write("policy.ts", source(directory));
    return { handlers: ["./policy.ts"] };
  });

Deno.test("a target of one's own gets the mail, and route says what it does", async () => {
  await using server = await serve((directory) => {
    Deno.mkdirSync(directory.of("bounces"));
    return EXAMPLE.replace("/var/spool/bounces", directory.of("bounces"));
  });
  const { directory } = server;
  const client = await server.connect();
  const recipients = ["RCPT TO:<you@example.net>", "RCPT TO:<joe@example.net>"];
  const commands = ["EHLO client.example.org", "MAIL FROM:<>", ...recipients, "DATA"];
  assert.equal((await codes(client, ...commands)).at(-1), 354);
  const { code, lines } = await client.command("Subject: bounce\r\n\r\nit failed\r\n.");
  assert.equal(code, 250, lines.join());
  const [name, ...others] = [...Deno.readDirSync(directory.of("bounces"))].map(({ name }) => name);
  assert.deepEqual(others, []);
  assert.match(directory.read(`bounces/${name}`), /^Received: [^]*\r\n\r\nit failed\r\n$/);
  await server.logs(/ target .*text=bounce target=directory file=\S+\/bounces\/\w+\.eml$/);
  assert.equal(await sendMail(client), 250, "mail of others goes where it went");
  assert.match(directory.read("mail"), /hello/);

  const { stdout } = await postmaster(
    ...["route", "--config", directory.of("postmaster.yaml")],
    ...["--from", "<>", "joe@example.net"],
  );
  assert.match(stdout, /^joe@example\.net -> directory: a file in \/.*\/bounces\n$/);
});

/** What a target does wrong, and what the log says of it. */
const FAULTS: Readonly<Record<string, readonly [open: string, said: RegExp]>> = {
  "throws at once": ["throw new Error('no store')", /no store/],
  "is no delivery": ["return undefined", /undefined/],
  "throws for the message": [
    "return { recipient: () => {}, body: () => { throw new Error('no room') }, commit: () => [], abort: () => {} }",
    /no room/,
  ],
  "has no outcomes": [
    "return { recipient: () => {}, body: () => {}, commit: () => {}, abort: () => {} }",
    /gave no list of outcomes/,
  ],
  "has fewer outcomes than recipients": [
    "return { recipient: () => {}, body: () => {}, commit: () => [], abort: () => {} }",
    /no outcome/,
  ],
  "smuggles a reply": [
    "return { recipient: () => {}, body: () => {}, " +
    "commit: () => [{ result: 'failed', status: '5.0.0', reason: 'no\\r\\n250 yes' }], abort: () => {} }",
    /gave what is no outcome/,
  ],
  "names a scope that there is not": [
    "return { recipient: () => ({ result: 'deferred', status: '4.0.0', reason: 'no', scope: 'all' }), " +
    "body: () => {}, commit: () => [], abort: () => {} }",
    /gave what is no outcome/,
  ],
  "says that a failure is delivered": [
    "return { recipient: () => ({ result: 'delivered' }), body: () => {}, commit: () => [], abort: () => {} }",
    /gave what is no outcome/,
  ],
};

for (const [what, [open, said]] of Object.entries(FAULTS)) {
  Deno.test(`a target that ${what} defers the mail, and the log says why`, async () => {
    await using server = await serve(() => policy(open));
    assert.equal(await sendMail(await server.connect()), 451);
    assert.match(await server.logs(/\bdeferred\b/), said);
  });
}

Deno.test("a plan that throws spoils no delivery", async () => {
  await using server = await serve(() => `
import { defineTarget, on } from "postmaster";
const own = defineTarget("own", {
  plan: () => { throw new Error("no plan"); },
  open: () => ({
    recipient: () => {},
    body: () => {},
    commit: () => [{ result: "delivered", reason: "ok" }],
    abort: () => {},
  }),
});
export default on("AddRcptTo", () => own({}));
`);
  assert.equal(await sendMail(await server.connect()), 250);
  await server.logs(/ delivered .*target=own plan="no plan" reason=ok/);
});

Deno.test("a target cannot change what others are given", async () => {
  await using server = await serve(() => `
import { defineTarget, on, pipe } from "postmaster";
const scribble = defineTarget("scribble", { open: () => ({
  recipient: () => {},
  body: async (message) => { for await (const chunk of message.read()) chunk.fill(0); },
  commit: () => [{ result: "delivered", reason: "ok" }],
  abort: () => {},
}) });
export default on("AddRcptTo", async (_event, next) => {
  const { routes } = await next();
  return [scribble({}), ...routes.map(({ target }) => target)];
});
`);
  assert.equal(await sendMail(await server.connect()), 250);
  assert.match(server.directory.read("mail"), /Subject: hello\n\nhello\n/);
});

Deno.test("names that are none or taken, and arguments that make no sense, are refused where they are written", async () => {
  const open = () => {
    throw new Error("not asked");
  };
  for (const name of ["pipe", "discard", "relay"]) {
    assert.throws(() => defineTarget(name, { open }), /there is a target .* choose another name/);
  }
  assert.throws(() => defineTarget("A b", { open }), /write one such as my-store/);
  const strict = defineTarget<{ to: string }>("strict-test", {
    check: ({ to }) => {
      if (to === "") throw new TypeError("`to` is empty");
    },
    open,
  });
  assert.throws(() => strict({ to: "" }), /strict-test: `to` is empty/);
  assert.throws(() => defineTarget("strict-test", { open }), /already/);
  assert.throws(
    () => defineTarget<{ at: Date }>("dated-test", { open })({ at: new Date() }),
    /args|plain|JSON/,
  );

  using directory = new Directory();
  const example = EXAMPLE.replace("/var/spool/bounces", "spool");
  const { code, stderr } = await postmaster(
    ...["check", "--handlers-as-root", "--handlers", directory.write("bounces.ts", example)],
  );
  assert.equal(code, 1);
  assert.match(stderr, /`spool` must begin with a slash \(.*\/bounces\.ts:\d+:\d+\)/);
});
