/**
 * Which jobs go first: those with a higher priority; among them those of senders with little mail; among them first
 * attempts. So a message to 100,000 recipients goes behind the mail of others, and a first attempt before all that was
 * deferred.
 * @module
 */
import type { Job } from "./destination.ts";

/** With so many jobs that wait, a sender's next job goes behind those of senders with fewer. */
const STEPS = [10, 100, 1000];

export class Ranks {
  /** Jobs that wait, by their senders. */
  readonly #waiting = new Map<string, number>();

  /** Counts a job that waits from now on, and gives its rank: the highest goes first. */
  enter({ sender, priority, isRetry = false }: Job): number {
    const waiting = this.#waiting.get(sender ?? "") ?? 0;
    this.#waiting.set(sender ?? "", waiting + 1);
    const bulk = STEPS.filter((step) => waiting >= step).length;
    return 2 * ((STEPS.length + 1) * priority - bulk) + (isRetry ? 0 : 1);
  }

  /** A job waits no more. */
  leave({ sender }: Job): void {
    const waiting = this.#waiting.get(sender ?? "")! - 1;
    if (waiting === 0) this.#waiting.delete(sender ?? "");
    else this.#waiting.set(sender ?? "", waiting);
  }
}
