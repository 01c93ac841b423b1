/**
 * Measures what TLS costs: sessions a second, megabytes a second, and memory of connections that wait. The server is
 * compared with Postfix and smtp-server; all use the same certificate (ECDSA P-256) and one client, that of
 * `tls_client.ts`. The client needs as much of the machine as a server does, so the time that the server's processors
 * worked tells more than the rate. docs/performance.md has results.
 *
 * Needs root, Postfix, openssl, Node with npm. An argument chooses the rows whose names have it in them.
 *
 * @module
 */
import { postfix, selfSigned, smtpServer } from "./peers.ts";
import { type Launch, median, script, Subject } from "./subject.ts";
import { type Address, type How, repeat, Session } from "./tls_client.ts";
import { usageOf } from "./usage.ts";

const MIB = 1024 * 1024;

/** What is done `times` times in a round, by `atOnce` clients. */
interface Load {
  readonly name: string;
  readonly times: number;
  readonly atOnce: number;
  readonly run: (server: Address) => Promise<void>;
}

const session =
  (how: How, work?: (session: Session) => Promise<void>) => async (server: Address) => {
    using session = await Session.open(server, how);
    await work?.(session);
    await session.say("QUIT", "221");
  };

const MESSAGE = messageOf(25 * MIB);

const LOADS: readonly Load[] = [
  { name: "sessions in clear text", times: 2000, atOnce: 200, run: session("clear") },
  { name: "sessions with STARTTLS", times: 1000, atOnce: 200, run: session("STARTTLS") },
  { name: "sessions with implicit TLS", times: 1000, atOnce: 200, run: session("implicit") },
  {
    name: "sessions with implicit TLS and AUTH PLAIN",
    times: 1000,
    atOnce: 200,
    run: session("implicit", (session) => session.authenticate()),
  },
  {
    name: "25 MiB in clear text",
    times: 8,
    atOnce: 4,
    run: session("clear", (session) => session.send(MESSAGE)),
  },
  {
    name: "25 MiB with STARTTLS",
    times: 8,
    atOnce: 4,
    run: session("STARTTLS", (session) => session.send(MESSAGE)),
  },
];

/** Connections that are open and do nothing. */
interface Wait {
  readonly name: string;
  readonly how: How;
  readonly count: number;
}

const WAITS: readonly Wait[] = [
  { name: "a connection that waits in clear text", how: "clear", count: 1000 },
  { name: "a connection that waits with TLS", how: "STARTTLS", count: 1000 },
];

function messageOf(octets: number): Uint8Array {
  const line = `${"a line of the message ".repeat(3)}\r\n`;
  return new TextEncoder().encode(
    `Subject: bench\r\n\r\n${line.repeat(octets / line.length)}.\r\n`,
  );
}

/** A server that is measured. */
interface Server {
  readonly subject: Subject;
  readonly address: Address;
}

/** How often a load is done in a second, and the milliseconds of CPU time for each. */
async function costOf(load: Load, { subject, address }: Server): Promise<readonly number[]> {
  const before = usageOf(subject.pid).cpu, start = performance.now();
  await repeat(load.times, load.atOnce, () => load.run(address));
  const rate = load.times / ((performance.now() - start) / 1000);
  return [rate, (usageOf(subject.pid).cpu - before) / load.times];
}

/** KiB of memory for each of so many connections that wait after EHLO, for a server that has just started. */
async function memoryOf({ how, count }: Wait, launch: Launch): Promise<readonly number[]> {
  const { subject, address } = await start(launch);
  const connect = () => Session.open(address, how);
  await repeat(300, 20, async () => (await connect())[Symbol.dispose]()); // it warms up
  const before = usageOf(subject.pid).memory;
  const sessions: Session[] = [];
  await repeat(count, 50, async () => void sessions.push(await connect()));
  const memory = (usageOf(subject.pid).memory - before) / count;
  for (const session of sessions) session[Symbol.dispose]();
  await subject.stop();
  return [memory / 1024];
}

async function start(launch: Launch): Promise<Server> {
  const subject = await Subject.start(launch);
  const { port, tlsPort } = subject;
  return { subject, address: { port, tlsPort, certificate } };
}

/** Prints the figures of each server, after rounds in which the servers take turns, and their ratios to our own. */
async function compare<S>(
  name: string,
  rounds: number,
  servers: Readonly<Record<string, S>>,
  figuresOf: (server: S) => Promise<readonly number[]>,
): Promise<void> {
  const all: Record<string, (readonly number[])[]> = {};
  for (let round = 0; round < rounds; round++) {
    for (const [name, server] of Object.entries(servers)) {
      (all[name] ??= []).push(await figuresOf(server));
    }
  }
  console.log(name);
  const figures = Object.values(all).map((rounds) =>
    rounds[0]!.map((_, column) => median(rounds.map((figures) => figures[column]!)))
  );
  for (const [row, name] of Object.keys(all).entries()) {
    const columns = figures[row]!.map((figure, column) =>
      `${figure.toPrecision(4).padStart(9)} (${(figure / figures[0]![column]!).toFixed(2)})`
    );
    console.log(`  ${name.padEnd(12)}${columns.join("")}`);
  }
}

const only = Deno.args[0] ?? "";
const wanted = <T extends { readonly name: string }>(all: readonly T[]) =>
  all.filter(({ name }) => name.includes(only));
const directory = await Deno.makeTempDir();
const files = await selfSigned(directory);
const certificate = await Deno.readTextFile(files.certificate);
const launches: Readonly<Record<string, Launch>> = {
  postmaster: script("./serve.ts", {
    BENCH_CERTIFICATE: files.certificate,
    BENCH_KEY: files.key,
  }),
  postfix: postfix(files),
  "smtp-server": smtpServer(files),
};

const servers: Record<string, Server> = {};
for (const [name, launch] of Object.entries(launches)) servers[name] = await start(launch);
for (const load of wanted(LOADS)) {
  for (const server of Object.values(servers)) await costOf(load, server); // it warms up
  await compare(
    `${load.name}: a second, ms of CPU time each`,
    5,
    servers,
    (server) => costOf(load, server),
  );
}
for (const { subject } of Object.values(servers)) await subject.stop();
for (const wait of wanted(WAITS)) {
  await compare(`${wait.name}: KiB`, 3, launches, (launch) => memoryOf(wait, launch));
}
await Deno.remove(directory, { recursive: true });
