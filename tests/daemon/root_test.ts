/**
 * A server that root has started: what is left of root, and what its handlers can do.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Directory, postmaster, run, Running, sendMail, type Settings } from "../running.ts";
import { findGroup } from "../../src/base/passwd.ts";
import { need, needRoot } from "../need.ts";
import { lowPort } from "../ports.ts";
import { withUser } from "../user.ts";

/** nobody, and his group nogroup. */
const NOBODY = 65534;

/** A handler that says what it can do, as the answer to HELP. */
const CURIOUS = `
import { on, say } from "postmaster";

const attempts = {
  shadow: () => Deno.readTextFileSync("/etc/shadow"),
  ffi: () => Deno.dlopen("libc.so.6", {}),
};
const outcome = (attempt: () => unknown): string => {
  try {
    return typeof attempt();
  } catch (error) {
    return (error as Error).name;
  }
};
const loaded = [Deno.uid(), ...Object.values(attempts).map(outcome)];

export default on("SeeksHelp", () => say(2, 1, 4, [...loaded, Deno.env.get("USER")].join()));
`;

/** The settings of a server that becomes nobody, in a directory where he may read. */
const asNobody = (more: Settings = {}) => (directory: Directory): Settings => {
  Deno.chmodSync(directory.path, 0o755);
  directory.write("curious.ts", CURIOUS);
  const mailer = { command: ["sh", "-c", 'cat >> "$0"', directory.of("spool/mail")] };
  return {
    listen: `127.0.0.1:${lowPort()}`,
    user: "nobody",
    "handlers-as-root": false,
    "spool-directory": "spool",
    "pid-file": "run/postmaster.pid",
    log: { file: "logs/log" },
    mailer,
    ...more,
  };
};

/** What `read` gives for each entry of a directory in /proc; nothing for one that is gone by then. */
function eachIn<T>(path: string, read: (entry: string) => readonly T[]): T[] {
  return [...Deno.readDirSync(path)].flatMap(({ name }) => {
    try {
      return read(`${path}/${name}`);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw error;
    }
  });
}

/** What /proc says of all threads of a process: each line once. */
function threads(pid: number, pattern: RegExp): string[] {
  const statuses = eachIn(`/proc/${pid}/task`, (task) => [Deno.readTextFileSync(`${task}/status`)]);
  assert.ok(statuses.length > 3, "there are several threads");
  const lines = statuses.flatMap((status) => status.match(pattern) ?? []);
  return [...new Set(lines)].map((line) => line.replace(/\s+/g, " ").trim());
}

/** The files that a process has open for writing. */
function writable(pid: number): string[] {
  const files = eachIn(`/proc/${pid}/fd`, (path) => {
    const info = Deno.readTextFileSync(path.replace("/fd/", "/fdinfo/"));
    const flags = parseInt(/^flags:\s*(\d+)/m.exec(info)?.[1] ?? "0", 8);
    return (flags & 3) === 0 ? [] : [Deno.readLinkSync(path)];
  });
  return [...new Set(files)].filter((path) => path.startsWith("/") && path !== "/dev/null").sort();
}

Deno.test({
  name: "a server that root starts listens below 1024 and is its user's, with all threads",
  ...needRoot(),
  async fn() {
    await using server = await Running.start(asNobody({ handlers: ["./curious.ts"] }), {
      before: 'set -- setpriv --groups=4,24 -- "$@"',
    });
    const { pid, directory } = server;
    assert.ok(server.port < 1024);
    assert.deepEqual(threads(pid, /^(Uid|Gid|Groups|Cap(Inh|Prm|Eff|Amb)):.*/gm), [
      `Uid: ${`${NOBODY} `.repeat(4)}`.trim(),
      `Gid: ${`${NOBODY} `.repeat(4)}`.trim(),
      `Groups: ${NOBODY}`,
      ...["Inh", "Prm", "Eff", "Amb"].map((set) => `Cap${set}: 0000000000000000`),
    ]);
    const path = Deno.realPathSync(directory.path);
    assert.deepEqual(writable(pid), [`${path}/logs/log`, `${path}/run/postmaster.pid`]);
    await server.logs(/ gave up root user=nobody groups=65534$/);
    const { stdout } = await postmaster("check", "--config", directory.of("postmaster.yaml"));
    const lines = stdout.trimEnd().split("\n").slice(-5, -1);
    assert.deepEqual(lines, [
      "user: nobody, with the groups nogroup",
      `pid file: ${directory.of("run/postmaster.pid")} (of process ${pid})`,
      `state directory: ${directory.of("state")}`,
      `spool directory: ${directory.of("spool")}`,
    ]);
  },
});

Deno.test({
  name: "a server has the groups of its user, and those only",
  ignore: need("useradd").ignore || needRoot().ignore,
  fn: () =>
    withUser(async (user) => {
      const before = 'set -- setpriv --groups=4,24 -- "$@"';
      await using server = await Running.start(asNobody({ user, group: "tty" }), { before });
      const ids = ["daemon", "news", "tty"].map((name) => findGroup(name)!).sort((a, b) => a - b);
      assert.deepEqual(threads(server.pid, /^Groups:.*/gm), [`Groups: ${ids.join(" ")}`]);
      const [gids] = threads(server.pid, /^Gid:.*/gm);
      assert.equal(gids, `Gid: ${Array(4).fill(findGroup("tty")).join(" ")}`);
    }, ["daemon", "news"]),
});

Deno.test({
  name:
    "handlers are loaded by the server's user: they see no secrets of root's, and cannot call into C",
  ...needRoot(),
  async fn() {
    await using server = await Running.start(asNobody({ handlers: ["./curious.ts"] }));
    using client = await server.connect();
    const { lines } = await client.command("HELP");
    assert.deepEqual(lines, [`${NOBODY},PermissionDenied,NotCapable,nobody`]);
  },
});

Deno.test({
  name: "a server that root starts makes its directories for its user, who gets the mail",
  ...needRoot(),
  async fn() {
    await using server = await Running.start(asNobody());
    const { directory } = server;
    for (
      const [name, mode] of [["spool", 0o700], ["run", 0o755], ["logs", 0o750], [
        "logs/log",
        0o640,
      ]] as const
    ) {
      const { uid, gid, mode: found } = Deno.statSync(directory.of(name));
      assert.deepEqual([uid, gid, found! & 0o777], [NOBODY, NOBODY, mode], name);
    }
    assert.equal(directory.read("run/postmaster.pid"), `${server.pid}\n`);
    using client = await server.connect();
    const large = `Subject: large\r\n\r\n${"many lines\r\n".repeat(100_000)}`;
    assert.equal(await sendMail(client, "you@example.net", large), 250);
    const { uid, gid, mode, size } = Deno.statSync(directory.of("spool/mail"));
    assert.deepEqual([uid, gid, mode! & 0o777], [NOBODY, NOBODY, 0o640]);
    assert.ok(size > 1_000_000);
    assert.equal(await server.stop(), 0);
    assert.deepEqual([...Deno.readDirSync(directory.of("run"))], []);
  },
});

Deno.test({
  name: "root does not run handlers of one's own, not even to check them, unless told to",
  ...needRoot(),
  async fn() {
    using directory = new Directory();
    directory.write("own.ts", `Deno.writeTextFileSync(${JSON.stringify(directory.of("ran"))}, "")`);
    const config = { listen: "127.0.0.1:0", handlers: ["impatient", "./own.ts"] };
    const file = directory.write("postmaster.yaml", config);
    for (const command of ["run", "check"]) {
      const { code, stderr } = await postmaster(command, "--config", file);
      assert.equal(code, 1);
      assert.match(stderr, /:5:5: `\.\/own\.ts` would run as root: set `user` to the user .*\n$/);
      assert.ok(!directory.list().includes("ran"));
    }
    directory.write("postmaster.yaml", { ...config, "handlers-as-root": true });
    await postmaster("check", "--config", file);
    assert.ok(directory.list().includes("ran"));
  },
});

Deno.test({
  name: "root without handlers of one's own is warned",
  ...needRoot(),
  async fn() {
    await using server = await Running.start(() => ({ "handlers-as-root": false }));
    await server.logs(/ warning runs as root hint="set `user` /);
  },
});

/** A listener that root has opened dies of a lack of descriptors when root is gone, and is revived. */
const DEAD = `
import process from "node:process";
import { Listener } from "${new URL("../../src/net/listener.ts", import.meta.url)}";

Deno.addSignalListener("SIGHUP", () => {}); // as the server's: the platform opens files for the first one
const port = Number(Deno.args[0]);
const listener = await Listener.open({ transport: "tcp", hostname: "127.0.0.1", port });
listener.serve({
  accepted: (socket) => socket.on("error", () => {}).end("hello"),
  failed: (_name, error) => console.log(error),
});
const greeting = async () => {
  using connection = await Deno.connect({ port });
  const buffer = new Uint8Array(10);
  return new TextDecoder().decode(buffer.subarray(0, await connection.read(buffer) ?? 0));
};
console.log(await greeting());
process.setgid(65534);
process.setuid(65534);
const held = [];
try {
  for (;;) held.push(Deno.openSync("/dev/null"));
} catch (error) {
  console.log(error.message.includes("Too many open files"));
}
held.pop().close(); // for the client's end
const waiting = greeting();
await new Promise((resolve) => setTimeout(resolve, 100)); // nothing says that it was not accepted
for (const file of held) file.close();
await listener.revive();
console.log(await waiting, await greeting());
listener.close();
Deno.exit();
`;

/** Where the modules of the server find packages. */
const CONFIG = `--config=${new URL("../../deno.json", import.meta.url).pathname}`;

Deno.test({
  name: "a port below 1024 that accepts nothing any more is served again when root is gone",
  ...needRoot(),
  async fn() {
    using directory = new Directory();
    const args = [
      "run",
      "--allow-all",
      CONFIG,
      directory.write("dead.ts", DEAD),
      String(lowPort()),
    ];
    const { stdout, stderr } = await run("sh", [
      "-c",
      'ulimit -n 100; exec "$@"',
      "sh",
      Deno.execPath(),
      ...args,
    ]);
    const opened = "it accepted nothing any more, and was opened again";
    assert.deepEqual(stdout.trim().split("\n"), ["hello", "true", opened, "hello hello"], stderr);
  },
});

Deno.test({
  name: "root follows no link that the server's user may have put in the way",
  ...needRoot(),
  async fn() {
    using directory = new Directory();
    Deno.chmodSync(directory.path, 0o755);
    const victim = directory.write("victim", "secret\n");
    Deno.chmodSync(victim, 0o600);
    for (const [key, value] of [["log", { file: "link" }], ["pid-file", "link"]] as const) {
      await assert.rejects(
        Running.start((own) => {
          Deno.symlinkSync(victim, own.of("link"));
          return { ...asNobody()(own), [key]: value };
        }),
        /cannot open .*link.*Permission denied/,
      );
    }
    const { uid, mode } = Deno.statSync(victim);
    assert.deepEqual([uid, mode! & 0o777, directory.read("victim")], [0, 0o600, "secret\n"]);
  },
});

Deno.test({
  name: "where the server's user may change the way, he works, and not root",
  ...needRoot(),
  async fn() {
    using victim = new Directory();
    Deno.chmodSync(victim.path, 0o755);
    const own = (directory: Directory): Settings => {
      Deno.mkdirSync(directory.of("own"));
      Deno.chownSync(directory.of("own"), NOBODY, NOBODY);
      return asNobody()(directory);
    };
    const socket = (directory: Directory, path: string) => ({
      listen: [`127.0.0.1:${lowPort()}`, `unix:${directory.of(path)}/socket`],
    });
    await using server = await Running.start((directory) => ({
      ...own(directory),
      ...socket(directory, "own"),
      "spool-directory": "own/spool",
      "pid-file": "own/run/pid",
      log: { file: "own/log/log" },
    }));
    const { directory } = server;
    for (const name of ["own/socket", "own/spool", "own/run", "own/log"]) {
      assert.equal(Deno.statSync(directory.of(name)).uid, NOBODY, name);
    }
    for (
      const settings of [
        () => ({ "spool-directory": "own/link/spool" }),
        () => ({ "pid-file": "own/link/run/pid" }),
        () => ({ log: { file: "own/link/log/log" } }),
        () => ({ "state-directory": "own/link/state" }),
        (directory: Directory) => socket(directory, "own/link"),
      ]
    ) {
      await assert.rejects(
        Running.start((directory) => {
          const all = { ...own(directory), ...settings(directory) };
          Deno.symlinkSync(victim.path, directory.of("own/link"));
          return all;
        }),
        /[Pp]ermission denied/,
        String(settings),
      );
      assert.deepEqual(victim.list(), []);
    }
  },
});

Deno.test("users authenticate with a server that has given up root", needRoot(), async () => {
  await using server = await Running.start((directory) => {
    const file = directory.write("passwords", `joe: ${HASH}\n`);
    Deno.chownSync(file, NOBODY, NOBODY);
    return {
      ...asNobody()(directory),
      listen: { address: `127.0.0.1:${lowPort()}`, kind: "submission" },
      auth: { passwords: { file }, "clear-text": "loopback" },
    };
  });
  using client = await server.connect();
  await client.command("EHLO a.example");
  const login = btoa("\0joe\0geheim");
  assert.equal((await client.command(`AUTH PLAIN ${login}`)).code, 235);
});

/** bcrypt's hash of `geheim`. */
const HASH = "$2b$04$abcdefghijklmnopqrstuuPWRtT5yx7FBi4dcf6ROhboeNunUrLQ.";
