/**
 * What senders ask of the schedule.
 * @module
 */
import type { Parameters } from "../smtp/parameters.ts";

/** What a sender asks of the schedule for a message. */
export interface Wishes {
  /** When the first attempt may be, in milliseconds since the epoch. */
  readonly due: number;
  /** From -9 to 9. */
  readonly priority: number;
}

/** The wishes in the parameters of MAIL. */
export const wishesOf = (_parameters: Parameters, accepted: number): Wishes => ({
  due: accepted,
  priority: 0,
});
