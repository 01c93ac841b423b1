/**
 * The log in syslog, with real sockets in the daemon's place.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Sink } from "@logtape/logtape";
import type { Level } from "../../src/log/levels.ts";
import { jsonLine, untimedLine } from "../../src/log/format.ts";
import { openLog } from "../../src/log/open.ts";
import { syslogSink } from "../../src/log/syslog.ts";
import { record } from "./records.ts";

const decoder = new TextDecoder("utf-8", { fatal: true });

/** A daemon's socket in a directory of its own, as /dev/log is. */
async function withSocket(test: (path: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await test(`${directory}/log`);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** A syslog daemon's socket. */
class Daemon implements Disposable {
  readonly socket: Deno.DatagramConn;

  constructor(address: Deno.UnixListenOptions | Deno.UdpListenOptions) {
    this.socket = "path" in address
      ? Deno.listenDatagram({ transport: "unixpacket", ...address })
      : Deno.listenDatagram({ transport: "udp", ...address });
  }

  /** The next datagram, which is there within seconds or never. */
  async received(): Promise<string> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error("no datagram came")), 5000);
    });
    try {
      const [bytes] = await Promise.race([this.socket.receive(new Uint8Array(65536)), late]);
      return decoder.decode(bytes);
    } finally {
      clearTimeout(timer);
    }
  }

  [Symbol.dispose](): void {
    this.socket.close();
  }
}

const UDP = { hostname: "127.0.0.1", port: 0 };

/** A log that goes to the daemon with this socket. */
const logTo = (socket: string) =>
  openLog({ level: "info", format: "text", sinks: { syslog: { socket } } });

/** Logs an event until the daemon has got one: it may take a line or two to find out. */
async function reaches(sink: Sink, daemon: Daemon, reason: string): Promise<string> {
  const timer = setInterval(() => sink(record("stopping", { reason })), 50);
  try {
    return await daemon.received();
  } finally {
    clearInterval(timer);
  }
}

Deno.test("syslog on the machine gets what syslog(3) would send", () =>
  withSocket(async (path) => {
    using daemon = new Daemon({ path });
    const { log, close } = await logTo(path);
    log("connected", { session: "4f2a1c", peer: "127.0.0.1", port: 4444, listener: "[::]:25" });
    log("refused", { session: "4f2a1d", peer: "a\nb", listener: "c", reason: "d" });
    const first = /^<22>([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d) postmaster\[(\d+)\]: (.*)$/
      .exec(await daemon.received());
    assert.ok(first !== null);
    const age = Date.now() - Date.parse(`${first[1]} ${new Date().getFullYear()}`);
    assert.ok(age >= 0 && age < 60_000, first[1]);
    assert.equal(Number(first[2]), Deno.pid);
    assert.equal(first[3], "info  4f2a1c connected peer=127.0.0.1 port=4444 listener=[::]:25");
    assert.match(
      await daemon.received(),
      /^<20>.*: warning 4f2a1d refused peer="a\\nb" listener=c reason=d$/,
    );
    await close();
  }));

Deno.test("syslog over UDP gets the host's name too", async () => {
  using daemon = new Daemon(UDP);
  const { port } = daemon.socket.addr as Deno.NetAddr;
  const { log, close } = await openLog({
    level: "info",
    format: "json",
    sinks: { syslog: { host: "127.0.0.1", port } },
  });
  log("listener failed", { listen: "[::]:25", error: "EADDRINUSE" });
  const match = /^<19>\w{3} [ \d]\d \d\d:\d\d:\d\d (\S+) postmaster\[\d+\]: (\{.*\})$/
    .exec(await daemon.received());
  assert.ok(match !== null);
  assert.equal(match[1], Deno.hostname().split(".")[0]);
  assert.equal(JSON.parse(match[2]!).error, "EADDRINUSE");
  await close();
});

const PRIORITIES: { readonly [L in Level]: number } = {
  trace: 23,
  debug: 23,
  info: 22,
  warning: 20,
  error: 19,
  fatal: 18,
};

Deno.test("syslog gets each level as a severity of the mail facility", () =>
  withSocket(async (path) => {
    using daemon = new Daemon({ path });
    await using sink = syslogSink({ socket: path }, untimedLine);
    for (const [level, priority] of Object.entries(PRIORITIES)) {
      sink(record("handler", { text: "x" }, level as Level));
      assert.ok((await daemon.received()).startsWith(`<${priority}>`), level);
    }
  }));

Deno.test("syslog lines that are too long have shorter fields, and can be parsed", async () => {
  using udp = new Daemon(UDP);
  const { port } = udp.socket.addr as Deno.NetAddr;
  await withSocket(async (path) => {
    using daemon = new Daemon({ path });
    await using local = syslogSink({ socket: path }, jsonLine);
    await using remote = syslogSink({ host: "127.0.0.1", port }, jsonLine);
    const recipients = Array.from({ length: 2000 }, (_, i) => `user-${i}@example.net`);
    const text = `${"€".repeat(999)}😀${"x".repeat(10_000)}`;
    for (const [sink, from, max] of [[local, daemon, 8192], [remote, udp, 2048]] as const) {
      sink(record("received", { session: "4f2a1c", recipients, text, code: 250 }));
      const line = await from.received(); // a broken character would not decode
      const length = new TextEncoder().encode(line).length;
      assert.ok(length <= max && length > max / 8, `${length} of ${max}`);
      const fields = JSON.parse(line.slice(line.indexOf("{")));
      assert.equal(fields.session, "4f2a1c");
      assert.equal(fields.code, 250);
      assert.deepEqual(fields.recipients.slice(0, 2), recipients.slice(0, 2));
      assert.equal(fields.recipients.at(-1), "…");
      assert.match(fields.text, /^€+(\ufffd)?…$/);
    }
  });
});

Deno.test("a syslog line with too many fields is cut at a character", async () => {
  using udp = new Daemon(UDP);
  const { port } = udp.socket.addr as Deno.NetAddr;
  for (let shift = 0; shift < 3; shift++) {
    const fields = Array.from({ length: 500 }, (_, i) => [`f${i}`, "x".repeat(shift) + "€€€"]);
    await using sink = syslogSink({ host: "127.0.0.1", port }, untimedLine);
    sink(record("handler", Object.fromEntries(fields)));
    const length = new TextEncoder().encode(await udp.received()).length;
    assert.ok(length <= 2048 && length > 2045, `${length}`);
  }
});

Deno.test("close() sends what waits", () =>
  withSocket(async (path) => {
    using daemon = new Daemon({ path });
    const { log, close } = await logTo(path);
    const count = 500; // more than the socket's queue takes at once
    for (let i = 0; i < count; i++) log("stopped", { sessions: i });
    const lines = Array.fromAsync({ length: count }, () => daemon.received());
    await close();
    assert.deepEqual(
      (await lines).map((line) => Number(/sessions=(\d+)$/.exec(line)![1])),
      Array.from({ length: count }, (_, i) => i),
    );
  }));

Deno.test("a syslog daemon may come late, go away and come back", () =>
  withSocket(async (path) => {
    await using sink = syslogSink({ socket: path }, untimedLine);
    for (const reason of ["late", "back"]) {
      using daemon = new Daemon({ path });
      assert.match(await reaches(sink, daemon, reason), new RegExp(`reason=${reason}$`));
      Deno.removeSync(path);
    }
  }));

Deno.test("a syslog daemon that takes nothing does not hold up the end of the server", () =>
  withSocket(async (path) => {
    using _daemon = new Daemon({ path });
    const sink = syslogSink({ socket: path }, untimedLine);
    const start = performance.now();
    for (let i = 0; i < 20_000; i++) sink(record("stopping", { reason: "x".repeat(100) }));
    await sink[Symbol.asyncDispose]();
    assert.ok(performance.now() - start < 10_000);
  }));

Deno.test("syslog keeps 4 MiB for a daemon that is slow, and no more", () =>
  withSocket(async (path) => {
    using daemon = new Daemon({ path });
    await using sink = syslogSink({ socket: path }, untimedLine);
    for (let n = 0; n < 2000; n++) sink(record("handler", { text: "x".repeat(5000) }));
    const limit = 4 * 1024 * 1024;
    let octets = 0;
    while (octets < limit) octets += (await daemon.received()).length;
    assert.ok(octets < limit + 8192, `${octets} octets`);
    assert.match(await reaches(sink, daemon, "last"), /reason=last$/);
  }));
