/**
 * How much a new address sends on each of its first days, so that others learn to trust it.
 * @module
 */
import type { GlobalStore } from "../handler/global_store.ts";
import { type Variable, variable } from "../handler/variable.ts";

/** A plan for an own address. */
export interface WarmUpPlan {
  /** The first day, in milliseconds since the epoch: its midnight in UTC. */
  readonly from: number;
  /** The messages of each day; after the last one there is no limit. */
  readonly plan: readonly [number, ...number[]];
}

const DAY = 86_400_000;

/** The number of a day since the epoch, in UTC. */
const dayOf = (time: number): number => Math.floor(time / DAY);

/** Milliseconds until the next day begins. */
export const tomorrow = (time: number): number => (dayOf(time) + 1) * DAY - time;

/** The messages of a day. Before the first day it is the least of the plan. */
export function allowedOn(time: number, { from, plan }: WarmUpPlan): number {
  const day = dayOf(time) - dayOf(from);
  return day < 0 ? Math.min(...plan) : plan[day] ?? Infinity;
}

/** What was sent on a day. */
interface Sent {
  readonly day: number;
  readonly count: number;
  readonly [key: string]: number;
}

/** `postmaster vars list "warm-up"` shows them. */
const counts: Variable<"global", Sent> = variable(
  "global",
  "warm-up",
  () => ({ day: 0, count: 0 }),
  { persist: true, ttl: "7 d" },
);

/** Counts the messages of an own address. The counts survive a restart. */
export class WarmUp {
  readonly #variable: Variable<"global", Sent>;
  readonly #plan: WarmUpPlan;
  readonly #store: GlobalStore;

  /** @param address the own address, or `default` */
  constructor(address: string, plan: WarmUpPlan, store: GlobalStore) {
    this.#variable = counts.of(address);
    this.#plan = plan;
    this.#store = store;
  }

  /** Counts one more message, unless it is too much for its day. */
  async take(time: number): Promise<boolean> {
    const most = allowedOn(time, this.#plan);
    if (most === Infinity) return true;
    let isTaken = false;
    await this.#change(time, (count) => {
      isTaken = count < most;
      return isTaken ? count + 1 : count;
    });
    return isTaken;
  }

  /** A message was not sent in the end. If that cannot be stored, one less is sent that day. */
  giveBack(time: number): void {
    if (allowedOn(time, this.#plan) === Infinity) return;
    this.#change(time, (count) => Math.max(0, count - 1)).catch(() => {});
  }

  async #change(time: number, change: (count: number) => number): Promise<void> {
    const day = dayOf(time);
    await this.#store.update(this.#variable, (old) => {
      const sent = old as Sent | undefined;
      return { day, count: change(sent?.day === day ? sent.count : 0) };
    });
  }
}
