/**
 * Starts deliveries when they are due, as many at once as the lanes allow.
 * @module
 */
import type { Job as LaneJob } from "./destination.ts";
import type { Lanes } from "./lanes.ts";
import type { Due, QueueStore } from "./store.ts";
import type { Fate } from "./attempt.ts";
import type { Delivered, Fresh } from "./delivery.ts";

/** Recipients of one message and one destination. */
export interface Job extends LaneJob {
  /** What an accepted message brings to its first attempt; without it, the store has all. */
  readonly fresh?: Fresh | undefined;
  /** What becomes of its recipients without an attempt, because the destination is left alone. */
  readonly fate?: Fate | undefined;
}

/** What a runner needs. */
export interface RunnerOptions {
  readonly store: Pick<QueueStore, "claim" | "nextDue">;
  readonly lanes: Lanes<Job>;
  /** Milliseconds since the epoch. The clock may jump. */
  readonly now: () => number;
  /** Milliseconds of a clock that never jumps. */
  readonly ticks: () => number;
  /** Delivers, and settles what became of it. If it throws, the job is tried again. */
  readonly deliver: (job: Job) => Promise<Delivered>;
  /** Something broke, and is tried again. */
  readonly broke: (error: unknown) => void;
}

/** Recipients that are taken from the store at a time. */
const CLAIM = 1000;
/** With fewer jobs than these at hand for destinations that have not enough, more are taken from the store. */
const ENOUGH = 2000;
/** With fewer jobs than these at hand, a new one begins soon. */
const SOON = 500;
/** Jobs that are at hand at most, a few hundred octets each. */
const MOST = 50_000;
/** Jobs of a destination in trouble that are settled at the same time: each has a message in memory. */
const TOGETHER = 20;
/** The longest time between two looks at the clock, which may jump. */
const LOOK = 60_000;
/** Milliseconds before what broke is tried again. */
const PAUSE = 1000;

/** Runs deliveries. */
export class Runner {
  readonly #options: RunnerOptions;
  readonly #running = new Set<Promise<void>>();
  /**
   * The recipients of jobs at hand. What the store gives once more, since an operator has held and released it, waits
   * until its job has ended.
   */
  readonly #atHand = new Map<number, Due | undefined>();
  /** When the store has something due, as far as is known. */
  #next: number | undefined = 0;
  #claiming: Promise<void> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stopping = false;

  constructor(options: RunnerOptions) {
    this.#options = options;
  }

  /**
   * What a new message brings to the runner: also its body, if it is likely to begin soon; only its jobs, so that it does
   * not queue behind all that is due in the store; or nothing.
   */
  get room(): "body" | "jobs" | "none" {
    const { waiting } = this.#options.lanes;
    return this.#stopping || waiting >= MOST ? "none" : waiting < SOON ? "body" : "jobs";
  }

  /** Takes jobs whose recipients are active. */
  begin(jobs: readonly Job[]): void {
    for (const job of jobs) {
      for (const key of job.keys) this.#atHand.set(key, undefined);
      this.#add(job);
    }
    this.look();
  }

  /** Settles what became of recipients before: that takes no place, and is not to be forgotten when the runner stops. */
  settle(job: Job): void {
    for (const key of job.keys) this.#atHand.set(key, undefined);
    this.#run(job, () => {});
  }

  /** Something in the store is due at this time. */
  due(time: number): void {
    if (this.#next !== undefined && this.#next <= time) return;
    this.#next = time;
    this.look();
  }

  /** Starts nothing more, and returns when what runs has ended. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#timer);
    await this.#claiming;
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  /** Starts what may start. */
  look(): void {
    if (this.#stopping) return;
    const { lanes, now, ticks } = this.#options;
    for (let job; (job = lanes.next(ticks())) !== undefined;) this.#start(job);
    if (this.#claiming !== undefined) return;
    const next = this.#hasEnough ? Infinity : this.#next ?? Infinity;
    if (next <= now()) this.#claiming = this.#claim();
    else this.#sleep(next);
  }

  /** Whether no more is taken from the store: jobs for a destination that has enough keep none from others. */
  get #hasEnough(): boolean {
    const { waiting, waitingForOthers } = this.#options.lanes;
    return waitingForOthers >= ENOUGH || waiting >= MOST;
  }

  #add(job: Job): void {
    this.#options.lanes.add(job, this.#options.ticks());
  }

  /** Takes what the store has given. */
  #take(due: readonly Due[]): void {
    const others = due.filter((one) => !this.#atHand.has(one.key));
    for (const one of due) this.#atHand.set(one.key, this.#atHand.has(one.key) ? one : undefined);
    for (const job of together(others)) this.#add(job);
  }

  /** Recipients are at hand no more. */
  #leave(keys: readonly number[]): void {
    const again = keys.flatMap((key) => this.#atHand.get(key) ?? []);
    for (const key of keys) this.#atHand.delete(key);
    this.#take(again);
  }

  #start(job: Job): void {
    const { lanes, ticks } = this.#options;
    this.#run(job, ({ trouble, again }) => {
      const result = trouble !== undefined ? "trouble" : again !== undefined ? "untried" : "fine";
      lanes.ended(job, result, ticks());
      if (trouble !== undefined) this.#leaveAlone(job.destination, trouble);
    });
  }

  /** A destination that is in trouble is not asked for all that waits: it would keep places from others. */
  #leaveAlone(destination: string, trouble: Fate): void {
    const { lanes, ticks } = this.#options;
    if (lanes.pausedUntil(destination, ticks()) === undefined) return;
    const jobs = lanes.withdraw(destination).values();
    const settle = (): void => {
      const { value: job } = jobs.next();
      if (job !== undefined && !this.#stopping) this.#run({ ...job, fate: trouble }, settle);
    };
    for (let i = 0; i < TOGETHER; i++) settle();
  }

  #run(job: Job, ended: (delivered: Delivered) => void): void {
    const { deliver, broke } = this.#options;
    const running = deliver(job).then((delivered) => {
      ended(delivered);
      const { keys = [], after = 0 } = delivered.again ?? {};
      this.#leave(job.keys.filter((key) => !keys.includes(key)));
      if (keys.length === 0) return;
      setTimeout(() => this.begin([{ ...job, keys, fresh: undefined, fate: undefined }]), after);
    }, (error) => {
      broke(error);
      ended({});
      setTimeout(() => this.begin([job]), PAUSE);
    }).finally(() => {
      this.#running.delete(running);
      this.look();
    });
    this.#running.add(running);
  }

  /** Looks again when something in the store is due, or a lane may go on. */
  #sleep(due: number): void {
    const { lanes, now, ticks } = this.#options;
    clearTimeout(this.#timer);
    const wake = lanes.wakeAt() ?? Infinity;
    const wait = Math.max(1, Math.min(due - now(), wake - ticks()));
    if (wait < Infinity) this.#timer = setTimeout(() => this.look(), Math.min(wait, LOOK));
  }

  async #claim(): Promise<void> {
    const { store, lanes, now, broke } = this.#options;
    try {
      this.#next = undefined;
      const due = await store.claim(now(), CLAIM, lanes.full);
      this.#take(due);
      const next = due.length < CLAIM ? await store.nextDue() : now();
      // What is due and was not given is for destinations that have enough.
      const again = next === undefined || due.length === CLAIM || next > now()
        ? next
        : now() + PAUSE;
      if (again !== undefined) this.#next = Math.min(this.#next ?? again, again);
    } catch (error) {
      broke(error);
      this.#next = now() + PAUSE;
    }
    this.#claiming = undefined;
    this.look();
  }
}

/** Jobs for what was claimed: recipients of one message and one destination are served together. */
function together(due: readonly Due[]): Job[] {
  const groups = Map.groupBy(due, ({ message, destination }) => `${message} ${destination}`);
  return Array.from(groups.values(), (some) => ({
    ...some[0]!,
    keys: some.map(({ key }) => key),
    isRetry: true,
  }));
}
