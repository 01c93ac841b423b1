/**
 * `postmaster queue` and `postmaster trace`, with and without a running server.
 *
 * @module
 */
import assert from "node:assert/strict";
import { findGroup } from "../../src/base/passwd.ts";
import { need, needRoot } from "../need.ts";
import { fill, openStore } from "../queue/fill.ts";
import {
  complaint,
  Directory,
  type Ended,
  postmaster,
  run,
  Running,
  sendMail,
  until,
} from "../running.ts";
import { withUser } from "../user.ts";

/** A place with a configuration, and a queue of so many messages. */
async function place(count: number, settings: object = {}): Promise<Directory> {
  const directory = new Directory();
  directory.write("postmaster.yaml", {
    hostname: "mx.example.net",
    domains: ["example.net"],
    users: ["you"],
    "state-directory": "state",
    ...settings,
  });
  if (count === 0) return directory;
  const store = await openStore(directory.of("state/queue"));
  await fill(store, count);
  await store.close();
  return directory;
}

/** A command with the configuration of a place. */
const command = (directory: Directory, ...args: readonly string[]): Promise<Ended> =>
  postmaster(...args, "--config", directory.of("postmaster.yaml"));

const parsed = (lines: string) => lines.trimEnd().split("\n").map((line) => JSON.parse(line));

Deno.test("queue and trace tell of mail that is deferred, with the server and without it", async () => {
  using directory = await place(0);
  await using server = await Running.start(({ path }) => ({
    mailer: { command: ["sh", "-c", "echo the disk is full >&2; exit 75"] },
    "state-directory": path,
    deliver: "queued",
  }));
  {
    using client = await server.connect();
    const text = "Subject: hello\r\nMessage-ID: <1@example.org>\r\n\r\nhello\r\n";
    assert.equal(await sendMail(client, "you@example.net", text), 250);
  }
  await server.logs(/ deferred /);
  directory.write("postmaster.yaml", { "state-directory": server.directory.path, users: ["you"] });
  const list = async () => parsed((await command(directory, "queue", "list", "--json")).stdout);
  const online = await until("it waits", async () => {
    const [first] = await list();
    return first.state === "waiting" && first;
  });
  assert.deepEqual(
    [online.sender, online.recipient, online.attempts, online.target, online.lastAttempt.cause],
    ["ann@example.org", "you@example.net", 1, "mailer", "the disk is full"],
  );

  const held = await command(directory, "queue", "hold", "--to", "YOU@", "--because", "to look");
  assert.deepEqual([held.code, held.stdout], [0, "1 recipient of 1 message was put on hold\n"]);
  await server.logs(/queue changed recipients=1 change=hold/);
  server.kill("SIGKILL");
  await server.ended();
  const [offline] = await list();
  assert.deepEqual(offline, { ...online, state: "held", due: null, reason: "to look" });

  const { stdout } = await command(directory, "trace", "--message-id", "<1@example.org>");
  assert.match(stdout, new RegExp(`^message ${online.id}\n`));
  for (
    const line of [
      /^ {2}session: \w+, from 127\.0\.0\.1 port \d+$/m,
      /^ {2}greeting: EHLO client\.example\.org$/m,
      /^ {2}decided by: local-users$/m,
      /^ {2}\d{4}-\S+ deferred 4\.\d\.\d: .* \(\d+ ms\)$/m,
      /^ {4}cause: the disk is full$/m,
      /^ {2}held: to look$/m,
    ]
  ) assert.match(stdout, line);

  const shown = await command(directory, "queue", "show", online.id);
  assert.match(shown.stdout, /\nSubject: hello\nMessage-ID: <1@example.org>\n\nrecipient you@/);
  const dropped = await command(directory, "queue", "drop", online.id);
  assert.equal(dropped.stdout, "1 recipient of 1 message was dropped\n");
  const [life] = parsed((await command(directory, "trace", online.id, "--json")).stdout);
  assert.deepEqual(
    [life.recipients[0].ending, life.recipients[0].history.length, life.session.helo],
    ["dropped", 1, "client.example.org"],
  );
});

Deno.test("a change of many recipients goes page by page, and asks first where it cannot be undone", async () => {
  using directory = await place(4500);
  const drop = await command(directory, "queue", "drop", "--from", "ann");
  assert.deepEqual([drop.code, drop.stdout], [1, ""]);
  assert.match(
    drop.stderr,
    /^postmaster: 4,500 recipients of 4,500 messages would be dropped: .*--yes\n$/,
  );
  const dry = await command(directory, "queue", "hold", "--domain", "d7.example", "--dry-run");
  const lines = dry.stdout.trimEnd().split("\n");
  assert.deepEqual(
    [lines.length, lines.at(-1)],
    [7, "5 recipients of 5 messages would be put on hold"],
  );
  assert.match(lines[1]!, /^M7 +1 min +29 B +ann7@example\.org +joe7@d7\.example +held +0 +- /);
  const hold = await command(directory, "queue", "hold", "--all");
  assert.equal(hold.stdout, "4,500 recipients of 4,500 messages were put on hold\n");
  const bounce = await command(directory, "queue", "bounce", "--to", "joe", "--yes");
  assert.equal(bounce.stdout, "4,500 recipients of 4,500 messages were returned to the sender\n");
  const { stdout } = await command(directory, "queue", "stats", "--json");
  const [stats] = parsed(stdout);
  assert.deepEqual([stats.messages, stats.waiting, stats.held, stats.trouble], [
    4500,
    4500,
    0,
    null,
  ]);

  const { stdout: first } = await run("sh", [
    "-c",
    '"$@" | head -n 1',
    "sh",
    Deno.execPath(),
    ...["run", "--allow-all", "main.ts", "queue", "list", "--config"],
    directory.of("postmaster.yaml"),
  ]);
  assert.match(first, /^ID +AGE/);
});

Deno.test("a store that another process has is left alone", async () => {
  using directory = await place(1);
  const store = await openStore(directory.of("state/queue"));
  const { code, stderr } = await command(directory, "queue", "list");
  assert.equal(code, 1);
  assert.match(
    stderr,
    new RegExp(`^postmaster: process ${Deno.pid} has the queue .*starts or stops.*try again\n$`),
  );
  await store.close();
});

Deno.test("what is not said well enough changes nothing, and is a usage error", async () => {
  for (
    const [args, wanted] of [
      [["queue", "drop"], /say which are meant.*--all/],
      [["queue", "hold", ""], /It is empty, and would match all/],
      [["queue", "hold", "--state", "ended"], /Write one of waiting, active, held/],
      [["queue", "reroute", "--all", "--new-target", "x", "--args", "[]"], /Write a JSON object/],
      [["trace", "M1", "--to", "joe"], /say which message/],
    ] as const
  ) {
    const { code, stdout, stderr } = await postmaster(...args);
    assert.deepEqual([code, stdout], [2, ""], args.join(" "));
    assert.match(stderr, wanted);
  }
});

Deno.test("without a queue, or a message, the commands say so", async () => {
  using directory = await place(1);
  const said = async (...args: readonly string[]) => {
    const { code, stderr } = await command(directory, ...args);
    assert.equal(code, 1, args.join(" "));
    return complaint(stderr);
  };
  assert.match(await said("trace", "M9"), /no message that matches/);
  assert.match(await said("queue", "show", "M9"), /knows no message M9/);
  const nowhere = ["queue", "reroute", "--all", "--new-target", "nowhere"];
  assert.match(await said(...nowhere), /cannot reroute: there is no target "nowhere"\n/);
  directory.write("postmaster.yaml", { "state-directory": "other", users: ["you"] });
  assert.match(await said("queue", "list"), /no server listens at .*, and there is no queue in /);
  directory.write("postmaster.yaml", { queue: "none", users: ["you"] });
  assert.match(await said("queue", "list"), /has no queue/);
});

Deno.test({
  name: "root's commands become the user to whom the queue belongs",
  ...needRoot(),
  async fn() {
    using directory = await place(1);
    Deno.chmodSync(directory.path, 0o755);
    const queue = directory.of("state/queue");
    await run("chown", ["-R", "65534:65534", directory.of("state")]);
    assert.equal((await command(directory, "queue", "hold", "--all")).code, 0);
    for (const { name } of Deno.readDirSync(queue)) {
      assert.equal(Deno.statSync(`${queue}/${name}`).uid, 65534, name);
    }
  },
});

Deno.test({
  name: "the operators' group may use the socket of a server that root starts, and others may not",
  ignore: need("useradd", "setpriv").ignore || needRoot().ignore,
  fn: () =>
    withUser(async (user) => {
      const settings = (directory: Directory) => {
        Deno.chmodSync(directory.path, 0o755);
        Deno.mkdirSync(directory.of("safe"));
        return { user, control: { group: "news" }, deliver: "queued" };
      };
      const mayUse = async (socket: string, group: string) => {
        const ids = ["--reuid=65534", `--regid=${findGroup(group)}`, "--clear-groups"];
        return (await run("setpriv", [...ids, "test", "-w", socket])).code === 0;
      };
      await using own = await Running.start(settings);
      const socket = own.directory.of("state/control.sock");
      assert.deepEqual([await mayUse(socket, "news"), await mayUse(socket, "mail")], [true, false]);
      assert.equal(Deno.statSync(socket).mode! & 0o777, 0o660);

      await using safe = await Running.start((directory) => ({
        ...settings(directory),
        control: { group: "mail", socket: directory.of("safe/control.sock") },
      }));
      const roots = safe.directory.of("safe/control.sock");
      assert.deepEqual([await mayUse(roots, "news"), await mayUse(roots, "mail")], [false, true]);
    }, ["news"]),
});
