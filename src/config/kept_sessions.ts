/**
 * The part of the schema that is about what is kept of sessions, for `postmaster explain`.
 * @module
 */
import { join } from "node:path";
import { z } from "zod";
import { chosen, lifetime, options, size } from "../base/kinds.ts";

/** How much is kept. */
export interface ExplainSettings {
  /** Milliseconds. */
  readonly keep: number;
  /** Octets. */
  readonly size: number;
  /** The share of the sessions in which nothing was refused. */
  readonly sample: number;
}

const MINUTE = 60_000;

const settings: z.ZodType<ExplainSettings, unknown> = options({
  keep: lifetime(MINUTE).prefault("7 d").describe("How long a session is kept."),
  size: size(1024 * 1024).prefault("200 MB").describe(
    "The most that the files have: when there is more, the oldest sessions go first.",
  ),
  sample: z.number().min(0).max(1).default(1).describe(
    "The share of messages and sessions that are kept although nothing was refused in them: `0.1` " +
      "is every tenth, by chance. What was refused is always kept.",
  ).meta({ examples: [0.1] }),
});

const none = z.literal("none").transform(() => undefined);

/** The key `explain`. */
export const explainSchema: z.ZodType<ExplainSettings | undefined, unknown> = chosen<
  ExplainSettings | undefined,
  unknown
>(
  (value): z.ZodType<ExplainSettings | undefined> => typeof value === "string" ? none : settings,
  () => z.union([none, settings]),
).meta({ title: "a mapping such as `{keep: 30 d, size: 1 GB}`, or `none`" });

/** The directory with what is kept. */
export const sessionsDirectory = (stateDirectory: string): string =>
  join(stateDirectory, "sessions");
