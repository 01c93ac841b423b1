/**
 * Replays from outside: sessions that a real server has kept, and candidates that would have said something else.
 *
 * @module
 */
import assert from "node:assert/strict";
import { userLine } from "../../src/auth/edit.ts";
import { Hashes } from "../../src/auth/hashes.ts";
import { runClient } from "../clients.ts";
import { need, needRuntime } from "../need.ts";
import { Directory, feed, postmaster, Running, type Settings, until } from "../running.ts";
import { selfSigned } from "../tls/openssl.ts";
import { atDelivery, atRcpt, LIVE, visit } from "./visit.ts";

/** A server that has kept these sessions, and was stopped. */
async function kept(
  directory: Directory,
  visit: (server: Running) => Promise<unknown>,
  live = LIVE,
  more: Settings = {},
): Promise<void> {
  await using server = await Running.start((directory) => {
    directory.write("live.ts", live);
    return { users: ["you", "jane"], handlers: ["./live.ts"], ...more };
  }, { directory });
  await visit(server);
  assert.equal(await server.stop(), 0);
}

const replay = (directory: Directory, ...args: readonly string[]) =>
  postmaster("replay", ...args, "--config", directory.of("postmaster.yaml"));

/** Writes a candidate, and returns its path. */
function candidate(directory: Directory, code: string): string {
  directory.write("next.ts", code);
  return directory.of("next.ts");
}

Deno.test("the handlers that were live say the same again, and one that differs in one rule just that", async () => {
  using directory = new Directory();
  await kept(directory, async (server) => {
    await visit(server);
    await visit(server);
  });
  const same = await replay(directory, directory.of("live.ts"));
  assert.match(same.stdout, /^2 sessions, 24 verdicts compared: 0 differ$/m, same.stderr);
  assert.equal(same.code, 0);

  const next = candidate(
    directory,
    atRcpt(`
    if (event.mailbox.local === "nobody") return say(5, 5, 0, "nobody here", "5.1.1");
    if (event.mailbox.local === "jane" && String(session.mailFrom) === "ann@example.org")
      return say(5, 5, 0, "jane has moved", "5.1.6");
  `),
  );
  const { code, stdout } = await replay(directory, next, "--since", "1d");
  assert.equal(code, 1);
  assert.match(stdout, /^2 sessions, 24 verdicts compared: 2 differ$/m);
  assert.ok(stdout.includes(`2 times AddRcptTo: 250 2.1.5 (local-users) -> 550 5.1.6 (${next})`));
  assert.match(stdout, /before: 250 2\.1\.5 .* \(local-users\), jane@example\.net -> mailer$/m);
  assert.match(stdout, /after: {2}550 5\.1\.6 jane has moved/m);

  const json = await replay(directory, next, "--json", "--to", "nobody@example.net");
  const report = JSON.parse(json.stdout);
  assert.deepEqual([report.sessions, report.compared], [2, 10], "only the second messages");
  assert.match((await replay(directory, next, "--until", "1d")).stderr, /nothing that matches/);
});

/** Its answers to NOOP say by their status code what the session is. */
const TELLING = `
import { on, say } from "postmaster";
export default on("SayOK", (_event, _next, { helo, tls, user, transaction, recipients }) => {
  const client = (helo ? 1 : 0) + (helo?.extended ? 2 : 0) + (tls ? 4 : 0) + (user === "joe" ? 8 : 0);
  const mail = transaction === undefined ? 0 : 1 + recipients.length;
  return say(2, 5, 0, "ok", \`2.\${client}.\${mail}\`);
});
`;

const CLIENT = `
import smtplib, ssl, sys
client = smtplib.SMTP("127.0.0.1", int(sys.argv[1]))
noop = lambda: print(client.docmd("NOOP")[1].decode().split()[0])
mail = lambda: (client.mail("joe@example.net"), noop(), client.rcpt("you@example.net"), noop())
noop()
client.helo("c.example")
noop()
client.ehlo("c.example")
noop()
mail()
client.starttls(context=ssl._create_unverified_context())
noop()
client.ehlo("c.example")
client.login("joe", "correct horse")
noop()
mail()
client.rset()
mail()
client.data("Subject: one\\r\\n\\r\\none\\r\\n")
noop()
mail()
client.ehlo("c.example")
noop()
mail()
client.data("Subject: two\\r\\n\\r\\ntwo\\r\\n")
client.quit()
`;

Deno.test(
  "candidates see the session as the live handlers saw it: greeted, encrypted, with its user and recipients",
  { ignore: need("python3", "openssl").ignore || needRuntime("2.7.13").ignore },
  async () => {
    using directory = new Directory();
    using hashes = new Hashes();
    const passwords = directory.write(
      "passwords",
      `${await userLine("joe", "correct horse", hashes)}\n`,
    );
    const { certificate, key } = selfSigned(directory, ["mx.example.net"]);
    await kept(
      directory,
      async ({ port }) => {
        const said = await runClient("python3", ["-c", CLIENT, String(port)]);
        const codes =
          "2.0.0 2.1.0 2.3.0 2.3.0 2.3.0 2.4.0 2.15.0 2.15.1 2.15.2 2.15.1 2.15.2 2.15.0 " +
          "2.15.1 2.15.2 2.15.0 2.15.1 2.15.2";
        assert.deepEqual(said.trim().split("\n"), codes.split(" "));
      },
      TELLING,
      {
        listen: [{ address: "127.0.0.1:0", kind: "submission" }],
        tls: { certificate, key },
        auth: { passwords: { file: passwords }, mechanisms: ["PLAIN"] },
      },
    );
    const { stdout, stderr } = await replay(directory, directory.of("live.ts"));
    assert.match(stdout, /^1 session, 38 verdicts compared: 0 differ$/m, stderr);
    assert.ok(stdout.endsWith("they wanted to read more of a message than was kept\n"), stdout);
  },
);

Deno.test("of messages, what does not depend on their content is compared", async () => {
  using directory = new Directory();
  await kept(
    directory,
    visit,
    `
import { on } from "postmaster";
export default on("Deliver", (event, next, { recipients: [to] }) =>
  next(to.local === "jane" ? { ...event, deliver: "before-reply" } : event));
`,
  );
  const deliver = (code: string) => `
import { on, say } from "postmaster";
async function* counted(body) { yield* body; }
export default on("Deliver", async (event, next, { recipients: [to] }) => {
  ${code}
});
`;
  const found = async (code: string) =>
    (await replay(directory, candidate(directory, deliver(code)))).stdout.split("\n");

  const refused = await found(
    `return to.local === "you" ? say(5, 5, 0, "no", "5.7.1") : next(event);`,
  );
  assert.ok(refused.includes("1 session, 12 verdicts compared: 2 differ"), refused.join("\n"));
  assert.ok(refused.some((line) => /^1 time Deliver: 250 .* -> 550 5\.7\.1/.test(line)));
  assert.ok(
    refused.some((line) =>
      /before: .* jane@example\.net -> mailer, deliver before-reply/.test(line)
    ),
  );

  const nowhere = await found(`return say(2, 5, 0, "taken", "2.0.0");`);
  assert.ok(
    nowhere.some((line) => /-> 250 2\.0\.0 \(not passed on\)/.test(line)),
    nowhere.join("\n"),
  );

  for (
    const code of [
      "for await (const _ of event.body); return next(event);",
      "return next({ ...event, body: counted(event.body) });",
    ]
  ) {
    const unread = await found(code);
    assert.ok(unread.includes("1 session, 10 verdicts compared: 0 differ"), unread.join("\n"));
    assert.ok(unread.some((line) => /^2 verdicts not compared: .* than was kept/.test(line)));
  }
});

Deno.test("what live handlers have decided of mail in the queue is compared", async () => {
  using directory = new Directory();
  const later = 'if (to === "jane" && attempt === 1) return say(4, 5, 0, "later", "4.7.1");';
  const elsewhere = 'if (to === "you") return elsewhere();';
  await kept(
    directory,
    async (server) => {
      await visit(server);
      await until("the mail is delivered", () => server.directory.read("mail").includes("two"));
    },
    atDelivery(`${later} ${elsewhere}`),
    { deliver: "queued", queue: { retry: ["1 s"] } },
  );
  const kinds = async (code: string) => {
    const { stdout } = await replay(directory, candidate(directory, code), "--json");
    const { sessions, differences, uncompared } = JSON.parse(stdout);
    assert.deepEqual(
      [sessions, uncompared],
      [3, {}],
      "the session, and two questions of the queue",
    );
    const handler = "./live.ts > on(BeforeDelivery)";
    return Object.keys(differences).map((kind) =>
      kind.replaceAll(directory.of("next.ts"), "./next.ts").replaceAll(handler, "live")
    );
  };
  assert.deepEqual(await kinds(atDelivery(`${later} ${elsewhere}`)), []);
  assert.deepEqual(await kinds(atDelivery(elsewhere)), [
    "BeforeDelivery: 450 4.7.1 (live) -> 250 2.0.0 (core)",
  ]);
  assert.deepEqual(await kinds(atDelivery(later)), [
    "BeforeDelivery: 250 2.0.0 (core) -> 250 2.0.0 (core), another place",
  ]);
});

Deno.test("mail of this machine's programs is replayed as theirs", async () => {
  using directory = new Directory();
  Deno.chmodSync(directory.path, 0o755);
  await kept(
    directory,
    async ({ directory }) => {
      const args = [
        "sendmail",
        `--drop=${directory.of("drop")}`,
        "you@example.net",
        "far@example.com",
      ];
      assert.equal((await feed("Subject: hello\n\nhello\n", ...args)).code, 0);
      await until("the mail is there", () => directory.read("mail").includes("hello"));
    },
    LIVE,
    {
      drop: { directory: directory.of("drop") },
      relay: { via: ["smtp://127.0.0.1:1"] },
      queue: {},
    },
  );
  const { stdout, stderr } = await replay(directory, directory.of("live.ts"));
  assert.match(stdout, /^1 session, \d verdicts compared: 0 differ$/m, stderr);
  assert.match((await replay(directory)).stderr, /postmaster\.yaml:\d+:\d+: .*there is no shadow/);
});

Deno.test("candidates can do no harm, and a broken one is a clear message", async () => {
  using directory = new Directory();
  await kept(directory, visit);
  const effects = candidate(
    directory,
    atRcpt(`
    await Deno.writeTextFile("${
      directory.of("written")
    }", "x").catch((error) => session.log(error.name));
  `),
  );
  const { stdout } = await replay(directory, effects);
  assert.match(stdout, /^3 times .*: NotCapable/m, stdout);
  assert.ok(!directory.list().includes("written"));

  for (
    const [code, said] of [
      ["export default 5;", /next\.ts/],
      [`import "./none.ts";`, /next\.ts:1:8/],
      [atRcpt("for (;;);"), /it did not answer for 15 seconds: a handler works without end/],
    ] as const
  ) {
    const { code: exit, stderr } = await replay(directory, candidate(directory, code));
    assert.match(stderr, said);
    assert.equal(exit, 1);
  }
});
