/**
 * The launcher by itself: what it does for whom.
 *
 * @module
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { type Grant, grantsOf, judge } from "../../src/daemon/grants.ts";
import { RemoteProcess } from "../../src/daemon/remote_process.ts";
import { FRAME, FrameStream, PIECE, textOf } from "../../src/daemon/frames.ts";
import { parseConfig } from "../config/with_postmaster.ts";
import { Mailbox } from "../../src/smtp/mailbox.ts";
import { attend } from "../../src/targets/mailer_process.ts";
import { parseTemplate, valuesFor } from "../../src/targets/template.ts";
import { needRoot } from "../need.ts";
import { Directory, isAlive, until } from "../running.ts";

const MAIN = fileURLToPath(new URL("../../main.ts", import.meta.url));
const KEY = "k".repeat(64);
const NOBODY = 65534;

const values = (local = "joe") =>
  valuesFor({ recipient: Mailbox.parse(`${local}@example.net`) }, {
    id: "ID",
    session: "S",
    sender: null,
    peer: "192.0.2.1",
    helo: "client.example.org",
    hostname: "mx.example.net",
  }, "");

const SCRIPT = ["sh", "-c", "cat; echo $1 >&2; exit 3", "sh", "{user}"];
/** The command above as daemon, and anything as bin. */
const GRANTS: readonly Grant[] = [
  { user: "daemon", template: parseTemplate(SCRIPT, false), maxRecipients: 1 },
  { user: "bin" },
];

const order = (argv: readonly string[], user: string, more: object = {}) => ({
  key: KEY,
  order: { template: parseTemplate(argv, false), recipients: [values()], user, ...more },
});

/** A launcher, and we are the server. */
class Launcher implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  path = "";

  private constructor() {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--allow-all", MAIN, "launcher"],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#input = this.#child.stdin.getWriter();
  }

  static async start(grants = GRANTS, most = 20): Promise<Launcher> {
    const launcher = new Launcher();
    const terms = { grants, key: KEY, uid: NOBODY, gid: NOBODY, most };
    await launcher.#input.write(new TextEncoder().encode(`${JSON.stringify(terms)}\n`));
    const reader = launcher.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    while (!launcher.path.endsWith("\n")) launcher.path += (await reader.read()).value;
    launcher.path = launcher.path.trim();
    await reader.cancel();
    return launcher;
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Has something run. */
  start(what: object): Promise<RemoteProcess> {
    return RemoteProcess.start(this.path, JSON.stringify(what));
  }

  /** Speaks to it without the manners of a server. */
  async frames(what: object): Promise<FrameStream> {
    const frames = new FrameStream(await Deno.connect({ transport: "unix", path: this.path }));
    await frames.send(FRAME.order, JSON.stringify(what));
    return frames;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#input.close();
    assert.equal((await this.#child.status).code, 0);
    assert.throws(() => Deno.statSync(this.path), Deno.errors.NotFound);
  }
}

const TREATMENT = {
  timeout: 10_000,
  killGrace: 500,
  outputLimit: 100_000,
  signal: new AbortController().signal,
};

async function* bytes(...texts: readonly string[]): AsyncIterable<Uint8Array> {
  for (const text of texts) yield await Promise.resolve(new TextEncoder().encode(text));
}

/** What a program as bin does with an input. */
async function run(
  launcher: Launcher,
  script: string,
  input: AsyncIterable<Uint8Array> = bytes(),
  more: Partial<typeof TREATMENT> = {},
) {
  const process = await launcher.start(order(["sh", "-c", script], "bin"));
  return { pid: process.pid, ...await attend(process, input, { ...TREATMENT, ...more }) };
}

Deno.test({
  name: "a launcher runs what it was told it may, and gives streams and exit code back",
  ...needRoot(),
  async fn() {
    await using launcher = await Launcher.start();
    const process = await launcher.start(order(SCRIPT, "daemon"));
    const { ending, output, complaint } = await attend(
      process,
      bytes("hello, ", "joe\n"),
      TREATMENT,
    );
    assert.deepEqual(ending, { how: "exit", code: 3 });
    assert.equal(output, "joe\n", "the copy of the input is no output of its own");
    assert.equal(complaint, "joe\n");
    const { output: who } = await run(
      launcher,
      "id -u; id -g; id -G; grep CapEff /proc/self/status",
    );
    assert.equal(who, "2\n2\n2\nCapEff:\t0000000000000000\n");
  },
});

Deno.test({
  name: "a launcher's socket is the server's alone",
  ...needRoot(),
  async fn() {
    await using launcher = await Launcher.start();
    const directory = launcher.path.replace(/\/[^/]*$/, "");
    const { uid, mode } = Deno.statSync(directory);
    assert.deepEqual([uid, mode! & 0o777], [0, 0o711], "root removes it, so nobody else may write");
    const socket = Deno.statSync(launcher.path);
    assert.deepEqual([socket.uid, socket.mode! & 0o777], [NOBODY, 0o600]);
  },
});

Deno.test({
  name: "a launcher refuses all that it was not told it may, and goes on",
  ...needRoot(),
  async fn() {
    await using launcher = await Launcher.start();
    for (
      const [what, wanted] of [
        [{ ...order(SCRIPT, "daemon"), key: "x".repeat(64) }, /this is not the server/],
        [{ order: order(SCRIPT, "daemon").order }, /this is not the server/],
        [order(["id"], "daemon"), /may not run this as daemon: add that to `run-as`/],
        [order([...SCRIPT, "more"], "daemon"), /may not run this as daemon/],
        [order(SCRIPT, "root"), /may not run this as root/],
        [
          order(SCRIPT, "daemon", { group: "shadow" }),
          /may not run this as daemon with the group shadow/,
        ],
        [order(["id"], "bin", { group: 0 }), /may not run this as bin with the group 0/],
        [order(["id"], "bin", { user: undefined }), /user/],
        [order(["id"], "bin", { recipients: [] }), /recipients/],
        [order(["id"], "bin", { template: [] }), /template/],
        [
          order(SCRIPT, "daemon", { recipients: [{ ...values(), user: "a\nb" }] }),
          /control character/,
        ],
        [
          order(["true", "{user}"], "bin", { recipients: [{ ...values(), user: "-x" }] }),
          /an option/,
        ],
      ] as const
    ) {
      await assert.rejects(launcher.start(what), wanted);
    }
    const { ending } = await run(launcher, "exit 7");
    assert.deepEqual(ending, { how: "exit", code: 7 });
  },
});

Deno.test("a second recipient does not become an option where only one may be", () => {
  const template = parseTemplate(["maildrop", "-d", "{user}"], false);
  const grants: readonly Grant[] = [{ user: "bin", template, maxRecipients: 1 }];
  const [one, option] = [values(), { ...values(), user: "-x" }];
  assert.deepEqual(judge({ template, user: "bin", recipients: [option] }, grants).argv, [
    "maildrop",
    "-d",
    "-x",
  ]);
  assert.throws(
    () => judge({ template, user: "bin", recipients: [one, option] }, grants),
    /more recipients than `max-recipients`, 1/,
  );
});

Deno.test("an order cannot make a command line that fills the memory", () => {
  const argument = parseTemplate(["id", "{recipient}"], true)[1]!;
  const template = [...parseTemplate(["id"], true), ...Array(10_000).fill(argument)];
  const recipients = Array(10_000).fill(values());
  const start = performance.now();
  assert.throws(() => judge({ template, user: "bin", recipients }, GRANTS), /is too long/);
  assert.ok(performance.now() - start < 10_000);
});

Deno.test("a program of a handler's never runs as root, whatever it was granted", () => {
  const { order: any } = order(["id"], "root");
  assert.throws(() => judge(any, [{ user: "root" }]), /no program of a handler's runs as root/);
  const named = [{ user: "root", template: parseTemplate(["id"], false) }];
  assert.deepEqual(judge(any, named).argv, ["id"]);
});

Deno.test({
  name: "a message of any size arrives whole, and a flood of output ends nobody",
  ...needRoot(),
  async fn() {
    await using launcher = await Launcher.start();
    const piece = "x".repeat(3 * PIECE + 1);
    const input = bytes(...Array<string>(100).fill(piece));
    assert.equal((await run(launcher, "wc -c", input)).output, `${100 * piece.length}\n`);
    const flood = "head -c 30000000 /dev/zero | tr '\\0' y; echo end >&2";
    const { ending, output } = await run(launcher, flood, bytes(), { outputLimit: 10 });
    assert.deepEqual([ending, output], [{ how: "exit", code: 0 }, "yyyyyyyyyy"]);
  },
});

Deno.test({
  name:
    "a program that does not read keeps nobody waiting, and one that is missing is the shell's 127",
  ...needRoot(),
  async fn() {
    await using launcher = await Launcher.start();
    const large = () => bytes(...Array<string>(100).fill("x".repeat(PIECE)));
    assert.deepEqual((await run(launcher, "exit 0", large())).ending, { how: "exit", code: 0 });
    const process = await launcher.start(order(["no-such-program"], "bin"));
    const { ending } = await attend(process, large(), TREATMENT);
    assert.deepEqual(ending, { how: "exit", code: 127 });
  },
});

Deno.test({
  name: "a signal reaches a program that does not read, and its children",
  ...needRoot(),
  async fn() {
    using directory = new Directory();
    Deno.chmodSync(directory.path, 0o777);
    await using launcher = await Launcher.start();
    const script = `trap "" TERM; sleep 60 & echo $! > ${directory.of("pid")}; wait; sleep 60`;
    const large = bytes(...Array<string>(100).fill("x".repeat(PIECE)));
    const start = performance.now();
    const { pid, ending } = await run(launcher, script, large, { timeout: 1000, killGrace: 200 });
    assert.deepEqual(ending, { how: "timeout" });
    assert.ok(performance.now() - start < 30_000);
    const pids = [pid, Number(directory.read("pid"))];
    await until("both are gone", () => !pids.some(isAlive));
  },
});

Deno.test({
  name: "a program ends with its connection, and never takes half a message for a whole one",
  ...needRoot(),
  async fn() {
    using directory = new Directory();
    Deno.chmodSync(directory.path, 0o777);
    await using launcher = await Launcher.start();
    const script = `cat > ${directory.of("new")}; mv ${directory.of("new")} ${
      directory.of("mail")
    }`;
    const frames = await launcher.frames(order(["sh", "-c", script], "bin"));
    const started = await frames.receive();
    const pid = Number(textOf(started!));
    await frames.send(FRAME.input, "half a message");
    assert.equal((await frames.receive())?.kind, FRAME.taken);
    await until("it has it", () => directory.read("new") === "half a message");
    frames.close();
    await until("it is gone", () => !isAlive(pid));
    assert.deepEqual(directory.list(), ["new"]);
  },
});

Deno.test({
  name: "who does not wait until the launcher has taken a piece of input is not served any more",
  ...needRoot(),
  async fn() {
    await using launcher = await Launcher.start();
    const frames = await launcher.frames(order(["sleep", "60"], "bin"));
    const pid = Number(textOf((await frames.receive())!));
    const piece = new Uint8Array(PIECE);
    for (let i = 0; i < 4; i++) await frames.send(FRAME.input, piece).catch(() => {});
    await until("it is gone", () => !isAlive(pid));
    frames.close();
  },
});

Deno.test({
  name: "signals other than TERM and KILL, and those to a program that has ended, go nowhere",
  ...needRoot(),
  async fn() {
    await using launcher = await Launcher.start();
    const process = await launcher.start(order(["cat"], "bin"));
    process.signal("SIGSTOP");
    const { ending } = await attend(process, bytes("x"), TREATMENT);
    assert.deepEqual(ending, { how: "exit", code: 0 });
    process.signal("SIGKILL");
  },
});

Deno.test({
  name: "a launcher runs no more programs at once than it was told",
  ...needRoot(),
  async fn() {
    await using launcher = await Launcher.start(GRANTS, 2);
    const streams = await Promise.all(
      Array.from({ length: 3 }, () => launcher.frames(order(["sleep", "60"], "bin"))),
    );
    const started: number[] = [];
    const answers = streams.map(async (frames, i) => {
      if ((await frames.receive())?.kind === FRAME.started) started.push(i);
    });
    await until("two run", () => started.length === 2);
    streams[started[0]!]!.close();
    await until("the third does", () => started.length === 3);
    for (const frames of streams) frames.close();
    await Promise.all(answers);
  },
});

Deno.test({
  name: "a launcher outlives signals, and leaves nothing behind when the server is gone",
  ...needRoot(),
  async fn() {
    const launcher = await Launcher.start();
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) Deno.kill(launcher.pid, signal);
    const process = await launcher.start(order(["sleep", "60"], "bin"));
    await launcher[Symbol.asyncDispose]();
    assert.equal((await process.status).signal, "SIGKILL");
    await until("it is gone", () => !isAlive(process.pid));
    await Promise.all([process.stdout.cancel(), process.stderr.cancel()]);
  },
});

Deno.test({
  name: "a program that has ended is sent no signal: its number may be another's by now",
  ...needRoot(),
  async fn() {
    using directory = new Directory();
    Deno.chmodSync(directory.path, 0o777);
    const launcher = await Launcher.start();
    const script = `sleep 60 > /dev/null 2>&1 & echo $! > ${directory.of("pid")}`;
    const frames = await launcher.frames(order(["sh", "-c", script], "bin"));
    while ((await frames.receive())?.kind !== FRAME.exited);
    const pid = Number(directory.read("pid")); // still of the program's group
    await launcher[Symbol.asyncDispose]();
    assert.ok(isAlive(pid));
    Deno.kill(pid, "SIGKILL");
    frames.close();
  },
});

Deno.test({
  name: "a launcher lets go of the output of a program whose child keeps it open",
  ...needRoot(),
  async fn() {
    await using launcher = await Launcher.start();
    const open = () => [...Deno.readDirSync(`/proc/${launcher.pid}/fd`)].length;
    await run(launcher, "exit 0");
    const before = open();
    const pids: number[] = [];
    for (let i = 0; i < 5; i++) {
      const { output, ending } = await run(launcher, "sleep 60 & echo $!");
      assert.deepEqual(ending, { how: "exit", code: 0 });
      pids.push(Number(output));
    }
    await until("all is let go of", () => open() <= before);
    for (const pid of pids) Deno.kill(pid, "SIGKILL");
  },
});

Deno.test("only what needs another user is granted", () => {
  const grants = (text: string, self = { uid: NOBODY, gid: NOBODY }) =>
    grantsOf(parseConfig(text, "test.yaml"), self).map(({ user, group, template }) => [
      user,
      group,
      template === undefined ? "anything" : template.map(({ text }) => text.join("{}")).join(" "),
    ]);
  assert.deepEqual(grants(""), []);
  assert.deepEqual(grants("mailer: {user: nobody}"), []);
  assert.deepEqual(grants("", { uid: NOBODY, gid: 2 }), [], "a group of the server's own");
  assert.deepEqual(grants("mailer: {user: nobody}", { uid: NOBODY, gid: 2 }), []);
  assert.deepEqual(grants("", { uid: 47_110, gid: 2 }), [], "a number without an account");
  assert.deepEqual(grants('mailer: {user: mail, command: [maildrop, -d, "{user}"]}'), [
    ["mail", undefined, "maildrop -d {}"],
  ]);
  assert.deepEqual(grants("mailer: {group: mail, command: [cat]}"), [[NOBODY, "mail", "cat"]]);
  assert.deepEqual(grants("run-as: [bin, {user: daemon, group: mail}, nobody]"), [
    ["bin", undefined, "anything"],
    ["daemon", "mail", "anything"],
  ]);
});

Deno.test({
  name: "what runs as the recipient's user runs as nobody else, and never as root",
  ...needRoot(),
  fn() {
    const config = parseConfig(`mailer: {maildir: "{home}/Maildir"}`, "test.yaml");
    const grants = grantsOf(config, { uid: 1, gid: 1 });
    const [{ template } = { template: undefined }] = grants;
    assert.equal(grants.length, 1);
    const order = (local: string, user = "{user}", argv = template!) => ({
      ...{ template: argv, user, recipients: [values(local)] },
    });
    const { argv, identity } = judge(order("bin"), grants);
    assert.deepEqual([identity.uid, argv.at(-5)], [2, "bin"]);
    assert.throws(() => judge(order("root"), grants), /nothing runs as root/);
    assert.throws(() => judge(order("no-such-user"), grants), /there is no user/);
    assert.throws(() => judge(order("bin", "daemon"), grants), /add that to `run-as`/);
    const other = parseTemplate(["/bin/id"], false);
    assert.throws(() => judge(order("bin", "{user}", other), grants), /add that to `run-as`/);
    const two = { ...order("bin"), recipients: [values("bin"), values("daemon")] };
    assert.throws(() => judge(two, grants), /more recipients/);
  },
});
