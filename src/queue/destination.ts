/**
 * The jobs that wait for a destination, and what it is given at once.
 * @module
 */
import { BackOff } from "../base/back_off.ts";
import { Fifo } from "../base/fifo.ts";
import { type Rate, RateWindow } from "../base/rate.ts";
import { Turns } from "./turns.ts";

/** Recipients of a message that are delivered together. */
export interface Job {
  /** Their keys in the store. */
  readonly keys: readonly number[];
  /** The queue id of the message. */
  readonly message: string;
  readonly destination: string;
  /** The sender's mailbox; `null` is the null path. */
  readonly sender: string | null;
  /** From -9 to 9. */
  readonly priority: number;
  /** It was tried before. */
  readonly isRetry?: boolean;
}

/** What a destination is given. */
export interface DestinationLimits {
  /** Jobs at once. */
  readonly concurrency: number;
  /** Jobs at once in the beginning, if that is less: one more with each full round that went well. */
  readonly initial?: number | undefined;
  /** How many jobs may begin in a time; without it, any number. */
  readonly rate?: Rate | undefined;
}

/** The jobs of a sender with the same rank. */
interface SenderLine<J> {
  readonly key: string;
  readonly rank: number;
  readonly jobs: Fifo<J>;
}

export class Destination<J extends Job> {
  readonly name: string;
  readonly backOff: BackOff;
  #rate: Rate | undefined;
  #window: RateWindow | undefined;
  readonly #lines = new Map<string, SenderLine<J>>();
  #turns = new Turns<SenderLine<J>>();
  #waiting = 0;
  /** Jobs that have begun and not ended. */
  running = 0;

  constructor(name: string, { concurrency, initial, rate }: DestinationLimits) {
    this.name = name;
    this.backOff = new BackOff(concurrency, initial);
    this.#rate = rate;
    this.#window = rate && new RateWindow(rate);
  }

  /** Other limits hold from now on. */
  limit({ concurrency, initial, rate }: DestinationLimits): void {
    this.backOff.limit(concurrency, initial);
    if (rate?.times === this.#rate?.times && rate?.span === this.#rate?.span) return;
    this.#rate = rate;
    this.#window = rate && new RateWindow(rate);
  }

  /** Jobs that have not begun. */
  get waiting(): number {
    return this.#waiting;
  }

  /** The highest rank of a job that waits. */
  get highest(): number | undefined {
    return this.#turns.highest;
  }

  /** @param rank the higher, the sooner it begins */
  add(job: J, rank: number): void {
    const key = `${rank} ${job.sender ?? ""}`;
    let line = this.#lines.get(key);
    if (line === undefined) {
      line = { key, rank, jobs: new Fifo() };
      this.#lines.set(key, line);
      this.#turns.add(rank, line);
    }
    line.jobs.push(job);
    this.#waiting++;
  }

  /** When the next job may begin, as far as time decides that. */
  next(now: number): number {
    return Math.max(this.#window?.next(now) ?? now, this.backOff.until);
  }

  /** The job whose turn it is begins. */
  begin(now: number): J {
    const line = this.#turns.take()!;
    const job = line.jobs.shift()!;
    if (line.jobs.size > 0) this.#turns.add(line.rank, line);
    else this.#lines.delete(line.key);
    this.#waiting--;
    this.running++;
    this.#window?.begin(now);
    return job;
  }

  /** Gives all jobs that wait, and has them no more. */
  withdraw(): J[] {
    const jobs = [...this.#lines.values()].flatMap((line) =>
      Array.from({ length: line.jobs.size }, () => line.jobs.shift()!)
    );
    this.#lines.clear();
    this.#turns = new Turns();
    this.#waiting = 0;
    return jobs;
  }

  /** Whether nothing is lost if it is forgotten. */
  isForgotten(now: number): boolean {
    return this.running === 0 && this.#waiting === 0 && this.backOff.isForgotten(now) &&
      (this.#window?.isForgotten(now) ?? true);
  }
}
