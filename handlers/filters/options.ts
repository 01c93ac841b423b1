/**
 * The options that filters of whole messages share.
 * @module
 */
import type { Network } from "postmaster";
import { kinds, z } from "postmaster/making";
import { network } from "../network.ts";
import { type OnFailure, onFailure } from "./failure.ts";

/** The options that filters of whole messages share. */
export interface FilterOptions {
  /** The time from the connection to the whole answer. A message may wait so long for one of the `connections`. */
  readonly timeout?: number | string;
  /**
   * What becomes of mail while the filter does not work: it is deferred, or accepted with a field `X-Filter-Failed`.
   */
  readonly onFailure?: OnFailure;
  /** The size up to which messages are examined. */
  readonly maxSize?: number | string;
  /** What becomes of larger messages: they are accepted with a field `X-Filter-Skipped`, or deferred. */
  readonly onTooLarge?: "accept" | "defer";
  /** The most connections to the filter at once. Other messages wait. */
  readonly connections?: number;
  /** Whether the messages of users who have authenticated are examined. */
  readonly users?: boolean;
  /** The networks whose clients are trusted: their messages are not examined. */
  readonly except?: string | readonly string[];
}

/** The same, as they are checked. */
export interface Asking {
  readonly timeout: number;
  readonly onFailure: OnFailure;
  readonly maxSize: number | undefined;
  readonly onTooLarge: "accept" | "defer";
  readonly connections: number;
  readonly users: boolean;
  readonly except: readonly Network[];
}

/** The shared options, with this size by default. */
export const askingOptions = (maxSize: string) => ({
  timeout: kinds.duration(1).prefault("1 min").describe(
    "The time from the connection to the whole answer. A message may wait so long for one of the `connections`.",
  ),
  onFailure,
  maxSize: kinds.orUnlimited(kinds.size(1)).prefault(maxSize).describe(
    "The size up to which messages are examined.",
  ),
  onTooLarge: z.enum(["accept", "defer"]).default("accept").describe(
    "What becomes of larger messages: they are accepted with a field `X-Filter-Skipped`, or deferred.",
  ),
  connections: kinds.count(1).default(20).describe(
    "The most connections to the filter at once. Other messages wait.",
  ),
  users: z.boolean().default(true).describe(
    "Whether the messages of users who have authenticated are examined.",
  ),
  except: kinds.oneOrMore(network).default([]).describe(
    "The networks whose clients are trusted: their messages are not examined.",
  ),
} satisfies z.ZodRawShape);
