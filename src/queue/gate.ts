/**
 * Destinations that share a limit, such as the domains behind the exchangers of one provider: the jobs that it lets
 * begin, and who waits for one of them to end.
 * @module
 */
import type { Group } from "../targets/target.ts";
import { Turns } from "./turns.ts";

/** What would be refused for longer than this begins, and is told why by its target: mail must not wait unseen. */
const LONG = 60_000;
/** Milliseconds after which a group is asked again whose places have others than these jobs. */
const TAKEN = 100;

export class Gate<Place> {
  readonly name: string;
  /** The limits, as they were last known. */
  group: Group;
  /** Jobs that have begun and not ended. */
  running = 0;
  /** Whether a time is awaited, and not the end of a job. */
  isAsleep = false;
  readonly #waiting = new Turns<Place>();

  constructor(group: Group) {
    this.name = group.name;
    this.group = group;
  }

  /** Whether one more job may begin; if not, when that is to be looked at again: `Infinity` is at the end of a job. */
  opens(now: number): number {
    const time = this.group.next(now);
    if (time - now > LONG) return now;
    if (time > now) return time;
    const onTheWay = this.running - this.group.running; // to the group: they have begun, and will ask it
    if (onTheWay < this.group.free(now)) return now;
    return this.running > 0 ? Infinity : now + TAKEN;
  }

  /** @param rank the higher, the sooner it has its turn */
  wait(place: Place, rank: number): void {
    this.#waiting.add(rank, place);
  }

  /** The next of those that wait for which this holds; those before it are forgotten. */
  take(counts: (place: Place) => boolean): Place | undefined {
    for (let place; (place = this.#waiting.take()) !== undefined;) if (counts(place)) return place;
    return undefined;
  }

  /** Whether nothing is lost if it is forgotten. */
  get isForgotten(): boolean {
    return this.running === 0 && this.#waiting.highest === undefined && !this.isAsleep;
  }
}
