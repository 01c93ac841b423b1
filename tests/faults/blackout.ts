/**
 * Takes the power of a loaded server at many moments.
 * @module
 */
import { join } from "node:path";
import { Memory } from "../../src/message/memory.ts";
import { SqliteStore } from "../../src/queue/sqlite/sqlite_store.ts";
import type { Loaded } from "../../src/queue/store.ts";
import { Random } from "../fuzz/random.ts";
import { freePort } from "../ports.ts";
import { Directory, PROGRAM, Running, until } from "../running.ts";
import { CONCURRENCY, deliveries, isLarge, Load, noteOf, noteOfMessage, noting } from "./load.ts";
import { lose, losses, type Recorded, replay } from "./power_loss.ts";
import { CALLS } from "./steps.ts";
import { recording } from "./strace.ts";

/** A record of a server, and of the mail that it had. */
export interface Session extends Recorded {
  /** The file in which the mailer notes what it gets. */
  readonly delivered: string;
  /** By the queue ids of all messages, what the mailer notes of them. */
  readonly notes: ReadonlyMap<string, string>;
  /** The queue ids of messages that the queue keeps in files of their own. */
  readonly large: ReadonlySet<string>;
  /** The queue ids of what was accepted before the record. */
  readonly promised: readonly string[];
  /** What the mailer had noted before. */
  readonly noted: readonly string[];
}

/** What mail a server gets while it is recorded, and before. */
export interface Mail {
  readonly messages: number;
  /** So many come before, to a server that is then killed; without any, the server has no directory yet. */
  readonly before: number;
  readonly sessions: number;
}

/** Records a server from its start until all mail is delivered. */
export async function recordServer(
  directory: Directory,
  { messages, before, sessions }: Mail,
): Promise<Session> {
  const root = directory.of("root");
  Deno.mkdirSync(root);
  const file = directory.of("record");
  const port = freePort();
  const settings = noting(port, { "state-directory": join(root, "state") });
  const load = new Load(port, sessions, before);
  if (before > 0) {
    await using server = await Running.start(settings, { directory });
    await load.done();
    server.kill("SIGKILL");
  }
  const [initial, promised] = [directory.of("initial"), [...load.accepted.values()]];
  await copy(root, initial);
  const noted = [...deliveries(directory).keys()];
  // Behind `-D` the server is the child of the test.
  const [strace, ...args] = recording(CALLS, file);
  const program = [strace!, "-D", ...args, ...PROGRAM];
  await using server = await Running.start(settings, { directory, program });
  await load.more(messages);
  const notes = new Map<string, string>();
  const large = new Set<string>();
  for (const [number, id] of load.accepted) {
    notes.set(id, await noteOf(number));
    if (isLarge(number)) large.add(id);
  }
  await until("all is delivered", () => {
    const there = deliveries(directory);
    return notes.values().every((note) => there.has(note));
  });
  await server.stop();
  const delivered = directory.of("delivered");
  return {
    ...{ file, directory: root, initial, cwd: Deno.cwd(), delivered, notes, large },
    ...{ promised, noted },
  };
}

async function copy(from: string, to: string): Promise<void> {
  await Deno.mkdir(to);
  for await (const { name, isDirectory, isFile } of Deno.readDir(from)) {
    if (isDirectory) await copy(join(from, name), join(to, name));
    else if (isFile) await Deno.copyFile(join(from, name), join(to, name)); // sockets are of no use
  }
}

/** What losses of power would have done. */
export interface Blackout {
  /** How many were looked at. */
  readonly losses: number;
  /** How many replies the server gave that promise something. */
  readonly promises: number;
  /** What is wrong, if something is. */
  readonly faults: readonly string[];
}

/** What losses of power are looked at. */
export interface Losses {
  /** Of a thousand moments, so many are looked at besides those of promises. */
  readonly between: number;
  /** For each moment, so many besides the one that loses nothing and the one that loses most. */
  readonly each: number;
  readonly seed: number;
  /** After one in so many losses a whole server is started, else only its store. */
  readonly serve?: number;
  /** Whether the disk only pretends to sync a path: a fault must be found then. */
  readonly lies?: (path: string) => boolean;
}

/** Looks at what losses of power leave of a session, until there is a fault. */
export async function blackout(
  session: Session,
  { between, each, seed, serve, lies }: Losses,
): Promise<Blackout> {
  const random = new Random(seed);
  const promised = new Set(session.promised);
  const noted = new Set(session.noted);
  const faults: string[] = [];
  let count = 0;
  for await (const { step, disk } of replay(session, lies)) {
    let isMoment = random.below(1000) < between;
    if (step.do === "say" && step.to.startsWith("TCP")) {
      for (const [, id] of step.text.matchAll(/^250 .*queued as (\w+)/gm)) {
        promised.add(id!);
        isMoment = true;
      }
    } else if (step.do === "say" && step.to === session.delivered) {
      noted.add(step.text.split(" ")[0]!);
    }
    if (!isMoment || promised.size === 0) continue;
    for (const loss of losses(random, each)) {
      count++;
      await lose(disk, loss, async (left) => {
        const look = serve !== undefined && count % serve === 1 ? notServed : notStored;
        const found = await look(left, { ...session, promised, noted }).catch(String);
        if (found !== undefined) faults.push(`after ${promised.size} promises: ${found}`);
      });
    }
    if (faults.length > 0) break;
  }
  return { losses: count, promises: promised.size, faults };
}

/** What there should be after a loss. */
interface Expected extends Pick<Session, "notes"> {
  readonly promised: ReadonlySet<string>;
  readonly noted: ReadonlySet<string>;
}

/** What a server does not deliver that should be in what a loss has left. */
async function notServed(
  left: string,
  { notes, promised, noted }: Expected,
): Promise<string | undefined> {
  using directory = new Directory();
  const own = directory.of("left"); // the runtime lets no server write in /dev
  await copy(left, own);
  const settings = noting(freePort(), { "state-directory": join(own, "state") });
  await using server = await Running.start(settings, { directory });
  const missing = () => {
    const there = deliveries(directory);
    const isThere = (note: string) => noted.has(note) || there.has(note);
    return [...promised].filter((id) => !isThere(notes.get(id)!));
  };
  await until(() => `${missing()} are delivered`, () => missing().length === 0);
  await server.stop();
  return undefined;
}

/** What is wrong with the store that a loss has left. */
async function notStored(
  left: string,
  { notes, promised, noted }: Expected,
): Promise<string | undefined> {
  const there = new Map<string, string>();
  const memory = new Memory(1 << 30);
  const store = await SqliteStore.open({
    ...{ directory: join(left, "state", "queue"), reserve: 0, memory },
  });
  try {
    const due = await store.claim(Number.MAX_SAFE_INTEGER, 10_000, []);
    for (const one of await store.load(due.map(({ key }) => key))) {
      there.set(one.message.id, await noteOfMessage(await octetsOf(one)));
    }
  } finally {
    await store.close();
  }
  for (const id of promised) {
    const note = notes.get(id)!;
    if (there.get(id) !== note && !(noted.has(note) && !there.has(id))) {
      return there.has(id) ? `${id} is not whole` : `${id} is lost`;
    }
  }
  const again = [...there.values()].filter((note) => noted.has(note));
  // Those of a server that was killed before may come again, too.
  return again.length > 2 * CONCURRENCY ? `${again.length} messages come again` : undefined;
}

async function octetsOf({ body }: Loaded): Promise<Uint8Array> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  for await (const piece of body.read()) pieces.push(Uint8Array.from(piece));
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}
