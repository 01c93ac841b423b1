/**
 * Reloads of the real program: sessions under way end with what they began with.
 *
 * @module
 */
import assert from "node:assert/strict";
import { userLine } from "../../src/auth/edit.ts";
import { Hashes } from "../../src/auth/hashes.ts";
import { askToReload } from "../../src/daemon/control_client.ts";
import { ancestors } from "../../src/daemon/directory.ts";
import type { Client } from "../../src/testing/client.ts";
import { runClient } from "../clients.ts";
import { need, needRoot, needRuntime } from "../need.ts";
import { Sink } from "../relay/sink.ts";
import {
  codes,
  Directory,
  postmaster,
  PROGRAM,
  Running,
  sendMail,
  type Settings,
  until,
} from "../running.ts";
import { selfSigned } from "../tls/openssl.ts";

/** A module whose refusals name its version, and which notes its end in a file. */
const policy = (version: number | string, { path }: Directory) =>
  `import { on, say } from "postmaster";
   const policy = on("AddRcptTo", (event, next) =>
     event.mailbox.local === "version" ? say(5, 5, 0, "version ${version}") : next());
   const end = () => Deno.writeTextFileSync("${path}/ended", "${version}\\n", { append: true });
   export default Object.assign(policy, { [Symbol.dispose]: end });`;

/** Asks a session for the version of its policy. */
async function versionIn(client: Client): Promise<string> {
  return (await client.command("RCPT TO:<version@example.net>")).lines.join("\n");
}

/** A client that may ask {@linkcode versionIn}. */
async function clientOf(server: Running): Promise<Client> {
  const client = await server.connect();
  await codes(client, "EHLO client.example.org", "MAIL FROM:<ann@example.org>");
  return client;
}

const reload = ({ directory }: Running) =>
  postmaster("reload", "--config", directory.of("postmaster.yaml"));

/** Changes keys of the configuration of a server. */
function configure({ directory }: Running, changes: object): void {
  const config = JSON.parse(directory.read("postmaster.yaml"));
  directory.write("postmaster.yaml", { ...config, ...changes });
}

/** A server with a queue, and so with a control socket, and with a policy. */
function settings(directory: Directory) {
  directory.write("policy.js", policy(1, directory));
  return { deliver: "before-reply", handlers: ["./policy.js"] };
}

/** Puts a version of the policy in its place, and has it reloaded. */
async function use({ directory }: Running, version: number | string) {
  directory.write("policy.js", policy(version, directory));
  return await askToReload(directory.of("state/control.sock"));
}

Deno.test("a session ends with the policy that it began with, and the next one has the new", async () => {
  await using server = await Running.start(settings);
  using old = await clientOf(server);
  assert.match(await versionIn(old), /version 1/);
  server.directory.write("policy.js", policy(2, server.directory));
  const { code, stdout, stderr } = await reload(server);
  assert.deepEqual([code, stderr], [0, ""]);
  assert.match(stdout, /^reloaded: \S*policy\.js\n$/);
  assert.match(await versionIn(old), /version 1/);
  using next = await clientOf(server);
  assert.match(await versionIn(next), /version 2/);
  await server.logs(/ reloaded by=operator changed=\S*policy\.js/);
});

/** Sessions that are opened between two reloads, reloads, and versions of the module that take turns. */
const [BATCH, RELOADS, VERSIONS] = [20, 50, 3];

Deno.test("1,000 sessions stay open while handlers are reloaded 50 times: each keeps its own", async () => {
  await using server = await Running.start(settings);
  using stack = new DisposableStack();
  const sizeIn = (round: number) => 1024 * 1024 + round;
  const sessions: { readonly client: Client; readonly round: number }[] = [];
  for (let round = 0; round < RELOADS; round++) {
    configure(server, { limits: { "message-size": sizeIn(round) } });
    await use(server, round % VERSIONS);
    for (const client of await Promise.all(Array.from({ length: BATCH }, () => clientOf(server)))) {
      sessions.push({ client: stack.use(client), round });
    }
  }
  for (const { client, round } of sessions) {
    assert.match(await versionIn(client), new RegExp(`version ${round % VERSIONS}$`));
    const { lines } = await client.command("EHLO client.example.org");
    assert.ok(lines.includes(`SIZE ${sizeIn(round)}`), lines.join());
  }
  assert.equal(server.directory.read("ended"), "1\n", "only the first version is used by nobody");
  for (const { client } of sessions) assert.deepEqual(await codes(client, "QUIT"), [221]);
  const last = (RELOADS - 1) % VERSIONS;
  const others = Array.from({ length: VERSIONS }, (_, i) => i).filter((one) => one !== last);
  const ended = () => server.directory.read("ended").trim().split("\n").slice(1).toSorted().join();
  await until(
    () => `all but the last version are freed, not ${ended()}`,
    () => ended() === others.join(),
  );
});

Deno.test("what is wrong is told to who asks, and all stays as it was", async () => {
  await using server = await Running.start(settings);
  const { directory } = server;
  for (
    const [change, wanted] of [
      [() => configure(server, { limits: { recipients: 7 }, domains: "none" }), /domains/],
      [
        () => directory.write("policy.js", "export default 1;"),
        /must be a handler \(\S*policy\.js:1:8\)/,
      ],
      [() => directory.write("policy.js", "Deno.exit(7);"), /must not end the server/],
      [
        () => {
          directory.write("policy.js", policy(2, directory));
          directory.write(
            "policy_test.js",
            'Deno.test("it holds", () => { throw new Error("no"); });',
          );
        },
        /policy_test\.js:\d+: the test `it holds` fails: Error: no$/m,
      ],
    ] as const
  ) {
    configure(server, settings(directory));
    change();
    const { code, stderr } = await reload(server);
    assert.equal(code, 1);
    assert.match(stderr, wanted);
    configure(server, { ...settings(directory), domains: ["example.net"], limits: {} });
  }
  await server.logs(/ error not reloaded by=operator error=.*must be a handler/);
  using client = await clientOf(server);
  assert.match(await versionIn(client), /version 1/);
});

Deno.test("what needs a restart is said with its place, and nothing else is changed either", async () => {
  await using server = await Running.start(settings);
  const { directory } = server;
  directory.write(
    "postmaster.yaml",
    directory.read("postmaster.yaml").replace('"listen": "127.0.0.1:0"', '"listen": "127.0.0.1:1"')
      .replace('"tee"', '"cat"').replace(
        "{",
        '{\n "limits": {"message-size": "2 MiB"}, "drop": {},',
      ),
  );
  const { code, stderr } = await reload(server);
  assert.equal(code, 1);
  assert.match(
    stderr,
    /postmaster\.yaml:\d+:\d+: `mailer` cannot change while the server runs: restart/,
  );
  for (const key of ["listen", "drop"]) {
    assert.match(stderr, new RegExp(`postmaster\\.yaml:\\d+:\\d+: \`${key}\` cannot change`));
  }
  using client = await server.connect();
  const { lines } = await client.command("EHLO client.example.org");
  assert.ok(!lines.includes(`SIZE ${2 * 1024 * 1024}`));
});

Deno.test({
  name:
    "a reload says that handlers were not tried where the server's user may not run the program",
  ...needRoot(),
  async fn() {
    const isClosed = ancestors(PROGRAM[0]!).some((path) =>
      (Deno.statSync(path).mode! & 0o001) === 0
    );
    await using server = await Running.start((directory) => {
      Deno.chmodSync(directory.path, 0o755);
      return { ...settings(directory), user: "nobody", "handlers-as-root": undefined };
    });
    const { directory } = server;
    directory.write("policy.js", policy(2, directory));
    const { code, stdout } = await reload(server);
    assert.equal(code, 0);
    const said =
      /^neither the types nor the tests of handlers are checked .*: let the server's user run /m;
    assert.equal(said.test(stdout), isClosed, stdout);
    if (isClosed) {
      await server.logs(/ warning doubtful setting .*neither the types nor the tests/);
    }
  },
});

Deno.test("SIGHUP reloads a server without a control socket, also its log and its users", async () => {
  await using server = await Running.start();
  configure(server, { users: ["you", "joe"], log: { format: "json" } });
  server.kill("SIGHUP");
  await server.logs(/"message":"reloaded","by":"SIGHUP","changed":\["users","log"\]/);
  using client = await server.connect();
  assert.equal(await sendMail(client, "joe@example.net"), 250);
});

Deno.test("with `watch`, a server reloads when its files change", async () => {
  await using server = await Running.start((directory) => ({
    ...settings(directory),
    watch: true,
  }));
  server.directory.write("policy.js", policy(2, server.directory));
  await server.logs(/ reloaded by=watch /);
  using client = await clientOf(server);
  assert.match(await versionIn(client), /version 2/);
  configure(server, { limits: { "message-size": "2 MiB" } });
  await server.logs(/ reloaded by=watch changed=limits/);
});

Deno.test("mail that waits meets the new targets and handlers", async () => {
  await using server = await Running.start((directory) => {
    directory.write(
      "later.js",
      `import { on, say } from "postmaster";
       export default on("BeforeDelivery", () => say(4, 5, 0, "later"));`,
    );
    return { deliver: "queued", queue: { retry: ["1 s"] }, handlers: ["./later.js"] };
  });
  using client = await server.connect();
  assert.equal(await sendMail(client), 250);
  await server.logs(/ deferred .*later/);
  configure(server, { handlers: [] });
  assert.equal((await reload(server)).code, 0);
  await until("the mail is there", () => server.directory.read("mail").includes("hello"));
});

/** Sends mail to another server, and prints the reply to the password. */
const SUBMIT = `
import smtplib, ssl, sys
_, port, certificate, password = sys.argv
client = smtplib.SMTP("127.0.0.1", int(port))
client._host = "mx.example.net"
client.starttls(context=ssl.create_default_context(cafile=certificate))
client.ehlo()
try:
    print(client.login("joe", password)[0])
    client.sendmail("joe@example.net", "far@example.com", "Subject: hello\\r\\n\\r\\nhello\\r\\n")
except smtplib.SMTPAuthenticationError as error:
    print(error.smtp_code)
`;

Deno.test(
  "certificates, passwords and the relay are those of the new configuration",
  { ignore: need("openssl", "python3").ignore || needRuntime("2.7.13").ignore },
  async () => {
    await using sinks = new AsyncDisposableStack();
    const [one, two] = [sinks.use(await Sink.start()), sinks.use(await Sink.start())];
    using hashes = new Hashes();
    const lines = new Map<string, string>();
    for (const word of ["one", "two"]) lines.set(word, await userLine("joe", word, hashes));
    const certificates: string[] = [];
    using keys = new DisposableStack();
    const settings = (directory: Directory, word: string, { port }: Sink): Settings => {
      const tls = selfSigned(keys.use(new Directory()), ["mx.example.net"]);
      certificates.push(tls.certificate);
      return {
        listen: [{ address: "127.0.0.1:0", kind: "submission" }],
        tls: { ...tls },
        auth: { passwords: { file: directory.write(`passwords.${word}`, `${lines.get(word)}\n`) } },
        relay: { via: [`smtp://127.0.0.1:${port}`] },
        deliver: "before-reply",
      };
    };
    await using server = await Running.start((directory) => settings(directory, "one", one));
    const submit = async (certificate: number, password: string) =>
      Number(
        await runClient("python3", [
          ...["-c", SUBMIT, String(server.port), certificates[certificate]!, password],
        ]),
      );
    assert.equal(await submit(0, "one"), 235);
    await until("the first relay has it", () => one.taken.length === 1);

    configure(server, settings(server.directory, "two", two));
    const { stdout } = await reload(server);
    assert.match(stdout, /^reloaded: tls, auth, relay\n$/m);
    await assert.rejects(submit(0, "two"), /CERTIFICATE_VERIFY_FAILED/);
    assert.equal(await submit(1, "one"), 535);
    assert.equal(await submit(1, "two"), 235);
    await until("the second relay has it", () => two.taken.length === 1);
    assert.equal(one.taken.length, 1);
  },
);
