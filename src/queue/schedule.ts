/**
 * The settings of the schedule: how often mail is tried, for how long, and how much at once.
 * @module
 */
import type { DestinationLimits } from "./destination.ts";
import type { LaneSettings } from "./lanes.ts";
import type { RetrySettings } from "./retry.ts";

/** What holds for one destination. */
export interface DestinationSettings extends RetrySettings, DestinationLimits {}

/** What differs for a destination. */
export type DestinationOverrides = {
  readonly [K in keyof DestinationSettings]?: DestinationSettings[K] | undefined;
};

/** What holds for the whole queue. Times are milliseconds. */
export interface ScheduleSettings extends RetrySettings {
  /** After this time a sender is told that the mail is late; `undefined`: never. */
  readonly warnAfter: number | undefined;
  /** Jobs at once. */
  readonly concurrency: number;
  /** What holds for each destination. */
  readonly destination: DestinationLimits;
  /** What differs for some, by their names. */
  readonly destinations: Readonly<Record<string, DestinationOverrides>>;
  /** The longest time for which a sender may have mail held back; 0: none may. */
  readonly longestHold: number;
}

/** So many jobs of a destination wait in memory; others stay in the store until it is their turn. */
const BACKLOG = 200;

/** What holds for a destination. */
export function settingsFor(
  { retry, lifetime, destination, destinations }: ScheduleSettings,
  name: string,
): DestinationSettings {
  const own = Object.hasOwn(destinations, name) ? destinations[name]! : {};
  return {
    retry: own.retry ?? retry,
    lifetime: own.lifetime ?? lifetime,
    concurrency: own.concurrency ?? destination.concurrency,
    initial: own.initial ?? destination.initial,
    rate: own.rate ?? destination.rate,
  };
}

/** The settings of all destinations that have some. */
export const retrySettings = (schedule: ScheduleSettings): readonly RetrySettings[] =>
  ["", ...Object.keys(schedule.destinations)].map((name) => settingsFor(schedule, name));

/**
 * The limits of the lanes.
 *
 * @param schedule gives what holds now
 */
export const laneSettings = (
  schedule: () => ScheduleSettings,
  groupsOf: NonNullable<LaneSettings["groupsOf"]>,
): LaneSettings => ({
  groupsOf,
  get concurrency() {
    return schedule().concurrency;
  },
  backlog: BACKLOG,
  limitsOf: (destination) => settingsFor(schedule(), destination),
});
