/**
 * Mailers of a server that is no longer root.
 *
 * @module
 */
import assert from "node:assert/strict";
import { tried } from "../../src/base/tried.ts";
import { needRoot } from "../need.ts";
import {
  codes,
  type Directory,
  ENVELOPE,
  isAlive,
  Running,
  sendMail,
  type Settings,
  until,
} from "../running.ts";

/** Writes who it is to the file of its last argument in a directory that is for everybody. */
const WHO = 'cat > /dev/null; echo "$(id -un) $(id -gn) $(id -G) $HOME" > "$0/$1"';

/** The settings of a server that becomes nobody; its mailer runs as daemon. */
const asNobody = (more: (directory: Directory) => Settings) => (directory: Directory): Settings => {
  Deno.chmodSync(directory.path, 0o777);
  return {
    user: "nobody",
    "handlers-as-root": false,
    log: { level: "debug" },
    mailer: { command: ["sh", "-c", WHO, directory.path, "{user}"], user: "daemon" },
    ...more(directory),
  };
};

/** The processes that a process has started. */
const childrenOf = (pid: number): number[] =>
  [...Deno.readDirSync(`/proc/${pid}/task`)].flatMap(({ name }) =>
    // A thread may have ended meanwhile.
    (tried(() => Deno.readTextFileSync(`/proc/${pid}/task/${name}/children`)) ?? "")
      .trim().split(" ").filter(Boolean).map(Number)
  );

Deno.test({
  name: "a mailer runs as its own user after the server has given up root",
  ...needRoot(),
  async fn() {
    await using server = await Running.start(asNobody(() => ({})));
    using client = await server.connect();
    assert.equal(await sendMail(client), 250);
    assert.equal(server.directory.read("you"), "daemon daemon 1 /usr/sbin\n");
    assert.match(await server.logs(/ mailer /), /command="sh -c .*you" status="exit 0"/);
    assert.equal(await server.stop(), 0);
  },
});

/** Recipients name the users of their mailers. */
const BY_NAME = `
import { on, pipe } from "postmaster";
const who = ${JSON.stringify(WHO)};
const directory = new URL(".", import.meta.url).pathname;
export default on("AddRcptTo", ({ mailbox: { local } }) =>
  pipe(["sh", "-c", who, directory, "{user}"], local === "own" ? {} : { user: local }));
`;

Deno.test({
  name: "programs of handlers run as the users of run-as, and as no others",
  ...needRoot(),
  async fn() {
    await using server = await Running.start(asNobody((directory) => {
      directory.write("by_name.ts", BY_NAME);
      return { handlers: ["./by_name.ts"], "run-as": ["bin"] };
    }));
    using client = await server.connect();
    const { directory } = server;
    assert.equal(await sendMail(client, "bin@example.net"), 250);
    assert.equal(directory.read("bin"), "bin bin 2 /bin\n");
    assert.equal(await sendMail(client, "own@example.net"), 250);
    assert.equal(directory.read("own"), "nobody nogroup 65534 /nonexistent\n");
    for (const user of ["daemon", "root"]) {
      assert.deepEqual(
        await codes(client, ...ENVELOPE.slice(0, 1), `RCPT TO:<${user}@example.net>`),
        [250, 451],
      );
      await codes(client, "RSET");
      assert.equal(directory.read(user), "");
      await server.logs(
        new RegExp(` handler broke .*by_name.* not run this as ${user}: add that to \`run-as\``),
      );
    }
  },
});

Deno.test({
  name:
    "without a launcher a recipient whose program is another user's is deferred, and the log says why",
  ...needRoot(),
  async fn() {
    await using server = await Running.start(asNobody((directory) => {
      directory.write("by_name.ts", BY_NAME);
      return { handlers: ["./by_name.ts"], mailer: { command: ["true"] } };
    }));
    assert.deepEqual(childrenOf(server.pid), []);
    using client = await server.connect();
    const lines = ["EHLO client.example.org", "MAIL FROM:<ann@example.org>"];
    assert.deepEqual(await codes(client, ...lines, "RCPT TO:<bin@example.net>"), [250, 250, 451]);
    await server.logs(/ handler broke .*by_name.*may not run this as bin: add that to `run-as`"/);
    await codes(client, "RSET");
    assert.equal(await sendMail(client, "own@example.net"), 250);
  },
});

Deno.test({
  name: "a server whose launcher has ended stops, and says so",
  ...needRoot(),
  async fn() {
    await using server = await Running.start(asNobody(() => ({})));
    const [launcher] = childrenOf(server.pid);
    Deno.kill(launcher!, "SIGKILL");
    assert.equal(await server.ended(), 1);
    assert.equal(server.log.at(-1), "postmaster: the launcher of mailers has ended");
    assert.match(server.log.join("\n"), / stopping reason="the launcher of mailers has ended" /);
  },
});

/** A mailer that takes its time; TERM does not end it. */
const slow = ({ path }: Directory): Settings => ({
  mailer: {
    command: [
      "sh",
      "-c",
      'trap "" TERM; sleep 60 & echo $! $$ > "$0/new"; mv "$0/new" "$0/pids"; wait; cat > "$0/mail"',
      path,
    ],
    user: "daemon",
    "kill-grace": "200 ms",
  },
  limits: { "shutdown-timeout": "1 s" },
});

for (const signal of ["SIGTERM", "SIGKILL"] as const) {
  Deno.test({
    name: `${signal} to the server leaves neither its launcher nor a mailer of another user behind`,
    ...needRoot(),
    async fn() {
      await using server = await Running.start(asNobody(slow));
      const { directory } = server;
      using client = await server.connect();
      await codes(client, "EHLO client.example.org", ...ENVELOPE);
      client.send("Subject: last\r\n\r\nlast\r\n.\r\n");
      await until("the mailer runs", () => directory.read("pids") !== "");
      const pids = [...directory.read("pids").split(" ").map(Number), ...childrenOf(server.pid)];
      assert.equal(pids.length, 3);
      server.kill(signal);
      await server.ended();
      await until("all are gone", () => !pids.some(isAlive));
      assert.equal(directory.read("mail"), "");
    },
  });
}
