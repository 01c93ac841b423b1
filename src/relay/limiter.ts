/**
 * A limit of what is sent: to an exchanger or a group of them, or from an own address.
 * @module
 */
import { BackOff } from "../base/back_off.ts";
import { type Rate, RateWindow } from "../base/rate.ts";
import type { Group } from "../targets/target.ts";

/** What one limit allows. */
export interface Limits {
  /** Messages on their way at once. */
  readonly concurrency: number;
  /** Messages on their way at once in the beginning, if that is less; one more comes with each full round that went well. */
  readonly initial?: number | undefined;
  /** How many may begin in a time; without it, any number. */
  readonly rate?: Rate | undefined;
}

/** How a message on its way has ended. `trouble`: the server cannot be reached, or wants less. */
export type Left = "fine" | "trouble" | "neither";

/** Why a limit does not let a message go now. */
export interface Refused {
  /** Milliseconds until it is to be asked again. */
  readonly wait: number;
  /** Whether the other end is in trouble; otherwise it is what this server allows itself. */
  readonly trouble: boolean;
}

/** Milliseconds after which a limit is asked again whose places are all taken. */
const TAKEN = 100;

export class Limiter implements Group {
  readonly name: string;
  readonly #backOff: BackOff;
  readonly #window: RateWindow | undefined;
  #running = 0;

  constructor(name: string, limits: Limits) {
    this.name = name;
    this.#backOff = new BackOff(limits.concurrency, limits.initial);
    this.#window = limits.rate && new RateWindow(limits.rate);
  }

  /** Messages on their way. */
  get running(): number {
    return this.#running;
  }

  /** Messages that may be on their way at once now. */
  get places(): number {
    return this.#backOff.places;
  }

  free(now: number): number {
    return Math.min(this.places - this.#running, this.#window?.free(now) ?? Infinity);
  }

  /** A time of trouble is not known here: mail that may go elsewhere does not wait for its end. */
  next(now: number): number {
    return this.#window?.next(now) ?? now;
  }

  /** Why no message may go now; `undefined` if one may. */
  refuses(now: number): Refused | undefined {
    const { until, pause } = this.#backOff;
    if (until > now) return { wait: until - now, trouble: true };
    const next = this.next(now);
    if (next > now) return { wait: next - now, trouble: false };
    if (this.free(now) > 0) return undefined;
    return pause > 0 ? { wait: pause, trouble: true } : { wait: TAKEN, trouble: false };
  }

  /** A message is on its way. The result is called once with how that has ended. */
  enter(now: number): (left: Left, now: number) => void {
    this.#running++;
    this.#window?.begin(now);
    const { times } = this.#backOff;
    return (left, now) => {
      this.#running--;
      if (left !== "neither") this.#backOff.ended(left === "fine", times, now);
    };
  }

  /** Whether nothing is lost if it is forgotten. */
  isForgotten(now: number): boolean {
    return this.#running === 0 && this.#backOff.isForgotten(now) &&
      (this.#window?.isForgotten(now) ?? true);
  }
}
