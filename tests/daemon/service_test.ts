/**
 * What a service manager and an administrator do with a server: they are told how it is, hand it sockets, send it
 * signals.
 *
 * @module
 */
import assert from "node:assert/strict";
import { need, needRuntime } from "../need.ts";
import { codes, Directory, Running, sendMail, until } from "../running.ts";

/** The manager's end of the notification socket. */
class Manager implements Disposable {
  readonly #socket: Deno.DatagramConn;
  /** What it was told. */
  readonly told: string[] = [];

  constructor(path: string) {
    this.#socket = Deno.listenDatagram({ transport: "unixpacket", path });
    this.#listen();
  }

  /** Waits until it was told something. */
  hears(pattern: RegExp): Promise<string> {
    return until(
      () => `the manager hears ${pattern}; it heard ${JSON.stringify(this.told)}`,
      () => this.told.find((text) => pattern.test(text)),
    );
  }

  async #listen(): Promise<void> {
    try {
      for (;;) this.told.push(new TextDecoder().decode((await this.#socket.receive())[0]));
    } catch { /* closed */ }
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}

/** A name that no other test uses: the names of abstract sockets are those of the whole machine. */
const unique = (): string => `postmaster-test-${crypto.randomUUID()}`;

for (const kind of ["in the file system", "with an abstract name"] as const) {
  const name = `the service manager is told by a socket ${kind} how the server is`;
  const { ignore } = kind === "in the file system" ? { ignore: false } : needRuntime("2.9");
  Deno.test({ name, ignore }, async () => {
    using directory = new Directory();
    const [path, variable] = kind === "in the file system"
      ? Array<string>(2).fill(directory.of("notify"))
      : [`\0${unique()}`].flatMap((path) => [path, path.replace("\0", "@")]);
    using manager = new Manager(path!);
    await using server = await Running.start(undefined, {
      before: `export NOTIFY_SOCKET=${variable}`,
    });
    await manager.hears(/^READY=1\nSTATUS=listening on 127\.0\.0\.1:\d+$/);
    using client = await server.connect();
    await codes(client, "EHLO client.example.org");
    server.kill("SIGTERM");
    await manager.hears(/^STOPPING=1\nSTATUS=SIGTERM: waiting for 1 connections?$/);
    assert.equal(await server.ended(), 0);
    assert.equal(manager.told.length, 2);
  });
}

Deno.test("the service manager is told why a server does not start", async () => {
  using directory = new Directory();
  using manager = new Manager(directory.of("notify"));
  const before = `export NOTIFY_SOCKET=${directory.of("notify")}`;
  await assert.rejects(Running.start(() => ({ lisen: "127.0.0.1:0", domains: 5 }), { before }));
  await manager.hears(
    /^STATUS=\S+postmaster\.yaml:\d+:\d+: .*; \S+postmaster\.yaml:\d+:\d+: [^\n]*$/,
  );
});

Deno.test("a watchdog hears of the server twice in its time, one of another process never", async () => {
  using directory = new Directory();
  using manager = new Manager(directory.of("notify"));
  const before = (pid: string) =>
    `export NOTIFY_SOCKET=${directory.of("notify")} WATCHDOG_USEC=200000 WATCHDOG_PID=${pid}`;
  await using _other = await Running.start(undefined, { before: before("1") });
  await using _server = await Running.start(undefined, { before: before("$$") });
  await manager.hears(/^WATCHDOG=1$/);
  const heard = () => manager.told.filter((text) => text === "WATCHDOG=1").length;
  await until("ten more are heard in their time", async () => {
    const [start, first] = [performance.now(), heard()];
    await until("ten more are heard", () => heard() >= first + 10);
    const took = performance.now() - start;
    assert.ok(took > 700, `ten took ${took} ms`);
    return took < 1900;
  });
});

Deno.test("a service manager that has gone does not matter", async () => {
  await using server = await Running.start(undefined, {
    before: "export NOTIFY_SOCKET=/no/such/socket WATCHDOG_USEC=20000",
  });
  using client = await server.connect();
  assert.equal(await sendMail(client), 250);
  assert.equal(await server.stop(), 0);
});

/** Answers HELP with those of some variables of the environment that are set. */
const ENVIRONMENT = `
import { on, say } from "postmaster";
const names = ["PATH", "NOTIFY_SOCKET", "WATCHDOG_USEC"];
export default on("SeeksHelp", () =>
  say(2, 1, 4, names.filter((name) => Deno.env.has(name)).join()));
`;

Deno.test("handlers cannot speak to the service manager by mistake", async () => {
  using directory = new Directory();
  using _manager = new Manager(directory.of("notify"));
  await using server = await Running.start((directory) => {
    directory.write("environment.ts", ENVIRONMENT);
    return { handlers: ["./environment.ts"] };
  }, { before: `export NOTIFY_SOCKET=${directory.of("notify")} WATCHDOG_USEC=9000000` });
  using client = await server.connect();
  assert.deepEqual((await client.command("HELP")).lines, ["PATH"]);
});

/** Opens sockets and becomes the server, as systemd does: they are its descriptors 3 and 4. */
const ACTIVATE = `
use Socket; use POSIX ();
my ($path, @command) = @ARGV;
socket(my $tcp, PF_INET, SOCK_STREAM, 0) or die $!;
bind($tcp, sockaddr_in(0, INADDR_LOOPBACK)) or die $!;
socket(my $unix, PF_UNIX, SOCK_STREAM, 0) or die $!;
bind($unix, sockaddr_un($path)) or die $!;
for ($tcp, $unix) { listen($_, 100) or die $! }
my @high = map { POSIX::dup2(fileno($_), 20 + fileno($_)) } ($tcp, $unix);
POSIX::dup2($high[$_], 3 + $_) for 0, 1;
POSIX::close($_) for @high;
$ENV{LISTEN_FDS} = 2; $ENV{LISTEN_PID} = $$;
exec { $command[0] } @command or die $!;
`;

Deno.test({
  name: "a server serves the sockets that it was handed, and leaves them there",
  ignore: need("perl").ignore || needRuntime("2.9").ignore,
  async fn() {
    using directory = new Directory();
    const [script, path] = [directory.write("activate.pl", ACTIVATE), directory.of("socket")];
    await using server = await Running.start(({ of }) => ({
      listen: ["fd:3", "fd:4"],
      mailer: { command: ["sh", "-c", 'ls /proc/$$/fd > "$0"; cat > /dev/null', of("fds")] },
    }), { before: `set -- perl ${script} ${path} "$@"` });
    assert.match(server.addresses.join(), /^127\.0\.0\.1:\d+,unix:fd:4$/);
    for (const address of [server.addresses[0], `unix:${path}`]) {
      using client = await server.connect(address);
      assert.equal(await sendMail(client), 250);
      assert.doesNotMatch(server.directory.read("fds"), /^[34]$/m, "the mailer has them too");
    }
    assert.equal(await server.stop(), 0);
    assert.ok(Deno.lstatSync(path).isSocket);
  },
});

Deno.test("fd:3 needs a socket that was handed over to the server itself", async () => {
  for (
    const [variables, wanted] of [
      ["", /fd:3: no socket was handed over: start the server by its socket unit/],
      ["LISTEN_FDS=1 LISTEN_PID=1", /fd:3: the sockets were handed over to another process, 1/],
      ["LISTEN_FDS=0 LISTEN_PID=$$", /fd:3: no socket was handed over/],
    ] as const
  ) {
    const before = `export ${variables}`;
    await assert.rejects(Running.start(() => ({ listen: "fd:3" }), { before }), wanted);
  }
});

Deno.test("SIGHUP opens the log file that is there now", async () => {
  await using server = await Running.start(() => ({ log: { file: "log" } }));
  const { directory } = server;
  await until("the log is written", () => directory.read("log").includes(" started "));
  Deno.renameSync(directory.of("log"), directory.of("log.1"));
  directory.write("log", "");
  server.kill("SIGHUP");
  await until("the new log is written", () => / log reopened file=/.test(directory.read("log")));
  using client = await server.connect();
  assert.equal(await sendMail(client), 250);
  assert.equal(await server.stop(), 0);
  assert.match(directory.read("log"), / delivered /);
  assert.doesNotMatch(directory.read("log.1"), / connected /);
});

Deno.test("a log file that cannot be opened anew is left as it is, and the log says why", async () => {
  await using server = await Running.start(() => ({ log: { file: "log" } }));
  const { directory } = server;
  Deno.renameSync(directory.of("log"), directory.of("log.1"));
  Deno.mkdirSync(directory.of("log"));
  server.kill("SIGHUP");
  const said = / error log not reopened error="cannot open the log file .*\/log: /;
  await until("the old log says so", () => said.test(directory.read("log.1")));
  assert.equal(await server.stop(), 0);
  assert.match(directory.read("log.1"), / stopped /);
});

Deno.test("SIGHUP without a log file and SIGPIPE do no harm", async () => {
  await using server = await Running.start();
  server.kill("SIGHUP");
  server.kill("SIGPIPE");
  await server.logs(/ log reopened/);
  using client = await server.connect();
  assert.equal(await sendMail(client), 250);
  assert.equal(await server.stop(), 0);
});
