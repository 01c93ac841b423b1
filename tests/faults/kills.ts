/**
 * Kills a loaded server again and again.
 * @module
 */
import { freePort } from "../ports.ts";
import { Random } from "../fuzz/random.ts";
import { Directory, Running, until } from "../running.ts";
import { CONCURRENCY, deliveries, Load, noteOf, noting } from "./load.ts";

/** What came of it. */
export interface Killed {
  readonly kills: number;
  readonly accepted: number;
  /** The numbers of messages that got 250 and were not delivered. */
  readonly lost: readonly number[];
  /** Deliveries beyond the first of each message. */
  readonly again: number;
  /** How many of them kills explain: what was being delivered, or answered, at that moment. */
  readonly explained: number;
}

/** Milliseconds after the start of a process within which some are killed: also before they listen. */
const START = 700;
/** Milliseconds within which the others are killed after they listen. */
const LIFE = 1000;

/** Kills a server at random moments, and starts it on the same directory. */
export async function killOften(kills: number, sessions: number, seed: number): Promise<Killed> {
  const random = new Random(seed);
  using directory = new Directory();
  const port = freePort();
  const load = new Load(port, sessions);
  for (let i = 0; i < kills; i++) {
    if (random.chance(0.2)) {
      const before = `(sleep ${random.below(START) / 1000}; exec kill -9 $$) &`;
      const start = Running.start(noting(port), { directory, before });
      await start.then((server) => server.ended(), () => {}); // most die before they listen
    } else {
      await using server = await Running.start(noting(port), { directory });
      await new Promise((resolve) => setTimeout(resolve, random.below(LIFE)));
      server.kill("SIGKILL");
    }
  }
  await using server = await Running.start(noting(port), { directory });
  await load.stop();
  const notes = new Map<string, number>();
  for (const number of load.accepted.keys()) notes.set(await noteOf(number), number);
  const lost = () => {
    const there = deliveries(directory);
    return [...notes].filter(([note]) => !there.has(note)).map(([, number]) => number);
  };
  await until(() => `messages ${lost()} are delivered`, () => lost().length === 0).catch(() => {});
  await server.stop();
  const counts = [...deliveries(directory)].map(([note, count]) => notes.has(note) ? count - 1 : 1);
  return {
    ...{ kills, accepted: load.accepted.size, lost: lost() },
    again: counts.reduce((sum, count) => sum + count, 0),
    explained: load.unsure + kills * CONCURRENCY,
  };
}
