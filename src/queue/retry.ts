/**
 * When mail that was deferred is tried again, and when it is given up.
 * @module
 */
import { type RefusalKind, refusalKind } from "../handler/outcome.ts";
import type { Outcome } from "../targets/target.ts";

/** What the policy is told of a recipient whose mail was deferred. */
export interface RetryFacts {
  /** How many attempts have ended, with the last one. */
  readonly attempt: number;
  /** Milliseconds since the mail could first be tried, by the clock on the wall. */
  readonly age: number;
  readonly destination: string;
  /** What became of the last attempt. */
  readonly outcome: Outcome;
  /** What kind of refusal the attempt before that met. */
  readonly before?: RefusalKind | undefined;
}

/** How often mail for a destination is tried, and for how long. */
export interface RetrySettings {
  /** Milliseconds from each attempt to the next; the last one repeats. */
  readonly retry: readonly [number, ...number[]];
  /** Milliseconds after which mail is given up. */
  readonly lifetime: number;
}

/** When the next attempt is due, or that there is none. */
export type Retry = { readonly next: number } | "give up";

/** A pause is at most this part of itself longer or shorter, so that what failed together is not tried together. */
const JITTER = 0.1;

/**
 * The first pause after a greylisting: most let mail pass after 5 minutes. Mail that comes too early may wait for those
 * 5 minutes once more.
 */
const GREYLIST = 310_000;

/** The least pause after a refusal of a kind, unless all pauses are shorter: what would be refused again is not tried soon. */
const LEAST: Readonly<Partial<Record<RefusalKind, number>>> = {
  greylist: GREYLIST,
  reputation: 900_000,
  quota: 3_600_000,
};

/** Mail is given up only after pauses that make up this part of its lifetime. */
const TRIED = 0.5;

/**
 * Milliseconds from now to the next attempt, or that the mail is given up. The pause is that of the schedule, longer
 * after some kinds of refusals, and that of greylisting after the first refusal of that kind.
 *
 * The clock on the wall may jump, and so no age is believed alone. Mail is given up when it is older than its lifetime,
 * and the pauses between its attempts make up half of that. So a jump of the clock ends nothing that was tried for less,
 * and attempts that an operator asks for end nothing that is young. Trouble of the server itself, such as a target that
 * it does not know after a restart, ends nothing at all.
 *
 * @param random a number from 0 to below 1
 */
export function retry(
  { attempt, age, destination, outcome, before }: RetryFacts,
  settingsOf: (destination: string) => RetrySettings,
  random: () => number = Math.random,
): Retry {
  const { retry: pauses, lifetime } = settingsOf(destination);
  const isOver = age >= lifetime && pausesBefore(attempt, pauses) >= TRIED * lifetime;
  const isOurs = outcome.result === "deferred" && outcome.scope === "server";
  if (isOver && !isOurs) return "give up";
  const kind = refusalKind(outcome);
  const least = Math.min(kind === undefined ? 0 : LEAST[kind] ?? 0, Math.max(...pauses));
  const listed = pauses[Math.min(attempt, pauses.length) - 1] ?? pauses[0];
  const isGreylisted = kind === "greylist" && before !== "greylist";
  const pause = isGreylisted ? least : Math.max(least, listed);
  const luck = JITTER * (2 * random() - 1);
  return { next: Math.round(pause * (1 + (isGreylisted ? Math.abs(luck) : luck))) };
}

/** The time that the pauses before an attempt take together. */
function pausesBefore(attempt: number, pauses: readonly number[]): number {
  const listed = pauses.slice(0, Math.max(0, attempt - 1));
  const repeated = Math.max(0, attempt - 1 - pauses.length);
  return listed.reduce((sum, pause) => sum + pause, repeated * pauses.at(-1)!);
}

/**
 * The latest time at which a recipient that was tried can be due, in milliseconds since the epoch.
 *
 * When the clock jumps back, mail would be due days later. The runner must therefore bring recipients with attempts that
 * are due later to this time: when it opens the store, and every hour. Recipients without attempts stay, because their
 * senders may have asked for a later release.
 *
 * @param all the settings of all destinations
 */
export function latestDue(now: number, all: readonly RetrySettings[]): number {
  return now + Math.ceil((1 + JITTER) * Math.max(...all.flatMap(({ retry }) => retry)));
}
