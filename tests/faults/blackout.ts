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
}

/** Records a server from its first start, when it has no directory yet, until all mail is delivered. */
export async function recordServer(
  directory: Directory,
  messages: number,
  sessions: number,
): Promise<Session> {
  const root = directory.of("root");
  Deno.mkdirSync(root);
  const file = directory.of("record");
  const port = freePort();
  const settings = noting(port, { "state-directory": join(root, "state") });
  // Behind `-D` the server is the child of the test.
  const [strace, ...args] = recording(CALLS, file);
  const program = [strace!, "-D", ...args, ...PROGRAM];
  await using server = await Running.start(settings, { directory, program });
  const load = new Load(port, sessions, messages);
  await load.done();
  const notes = new Map<string, string>();
  const large = new Set<string>();
  for (const [number, id] of load.accepted) {
    notes.set(id, await noteOf(number));
    if (isLarge(number)) large.add(id);
  }
  await until("all is delivered", () => deliveries(directory).size >= messages);
  await server.stop();
  const delivered = directory.of("delivered");
  return { file, directory: root, cwd: Deno.cwd(), delivered, notes, large };
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
  /** Whether the disk only pretends to sync a path: a fault must be found then. */
  readonly lies?: (path: string) => boolean;
}

/** Looks at what losses of power leave of a session, until there is a fault. */
export async function blackout(
  session: Session,
  { between, each, seed, lies }: Losses,
): Promise<Blackout> {
  const random = new Random(seed);
  const promised = new Set<string>();
  const noted = new Set<string>();
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
        const found = await wrong(left, { ...session, promised, noted }).catch(String);
        if (found !== undefined) faults.push(`after ${promised.size} promises: ${found}`);
      });
    }
    if (faults.length > 0) break;
  }
  return { losses: count, promises: promised.size, faults };
}

/** What is wrong with what a loss has left. */
async function wrong(
  left: string,
  { notes, promised, noted }: Pick<Session, "notes"> & {
    readonly promised: ReadonlySet<string>;
    readonly noted: ReadonlySet<string>;
  },
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
  return again.length > CONCURRENCY ? `${again.length} messages come again` : undefined;
}

async function octetsOf({ body }: Loaded): Promise<Uint8Array> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  for await (const piece of body.read()) pieces.push(Uint8Array.from(piece));
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}
