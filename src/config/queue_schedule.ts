/**
 * The part of the schema that is about the schedule of the queue.
 * @module
 */
import { z } from "zod";
import { chosen, count, lifetime, options } from "../base/kinds.ts";
import { canonicalName } from "../dns/name.ts";
import type { RetrySettings } from "../queue/retry.ts";
import type { ScheduleSettings } from "../queue/schedule.ts";
import { isMapping } from "./overrides.ts";
import { rate } from "./rate.ts";

type Pauses = RetrySettings["retry"];

const SHORTEST = 1000;
const pause = lifetime(SHORTEST);
const PAUSES = "a list of durations such as `[1 min, 5 min, 1 h]`, or `{first, factor, most}`";

const growing = options({
  first: pause.describe("The first pause.").meta({ examples: ["1 min"] }),
  factor: z.number().min(1.1).max(100).prefault(2)
    .describe("How many times as long as the one before each further pause is."),
  most: pause.describe("The longest pause.").meta({ examples: ["4 h"] }),
}).transform(({ first, factor, most }): Pauses => {
  const pauses: [number, ...number[]] = [Math.min(first, most)];
  while (pauses.at(-1)! < most) pauses.push(Math.min(Math.round(pauses.at(-1)! * factor), most));
  return pauses;
});
const listed = z.tuple([pause], pause, { error: PAUSES });

/** Pauses between attempts. */
const pauses: z.ZodType<Pauses, unknown> = chosen<Pauses, unknown>(
  (value) => isMapping(value) ? growing : listed,
  () => z.union([z.array(pause).min(1), growing]),
).meta({ title: PAUSES });

const ABOUT_CONCURRENCY = "Deliveries to a destination at once.";
const ABOUT_INITIAL = "Deliveries at once in the beginning. One more comes with each full round " +
  "that went well, and trouble halves them.";
const ABOUT_RATE = "How many deliveries to a destination may begin in a time; by default any " +
  "number. A message for several recipients there is one delivery.";

const overrides = options({
  concurrency: count(1).optional().describe(ABOUT_CONCURRENCY),
  initial: count(1).optional().describe(ABOUT_INITIAL),
  rate: rate.optional().describe(ABOUT_RATE).meta({ examples: ["10/min"] }),
  retry: pauses.optional().describe("The times between the attempts."),
  lifetime: lifetime(SHORTEST).optional().describe("After this time mail goes back."),
});

const DESTINATIONS = "a mapping such as `example.net: {concurrency: 2}`";

/** The keys of the schedule. */
export const scheduleShape = {
  retry: pauses.prefault(["1 min", "5 min", "15 min", "1 h"]).describe(
    "The times from one attempt to the next, of which the last one repeats; or the first, the " +
      "factor by which they grow, and the longest. Each is up to a tenth longer or shorter, so that " +
      "what failed together is not tried together.",
  ).meta({ examples: [{ first: "1 min", factor: 2, most: "4 h" }] }),
  lifetime: lifetime(SHORTEST).prefault("5 d").describe(
    "After this time mail that could not be delivered goes back to its sender.",
  ),
  warnAfter: z.union([z.literal("never").transform(() => undefined), lifetime(SHORTEST)])
    .prefault("4 h").describe(
      "After this time the sender is told that mail could not be delivered yet, or `never`.",
    ),
  longestHold: lifetime(0).refine((time) => time < 1e12, { error: "must be 30 years or less" })
    .prefault("30 d").describe(
      "The longest time for which users may have their mail held back by FUTURERELEASE; 0 if they " +
        "may not.",
    ),
  concurrency: count(1).default(100).describe(
    "Deliveries at once. The fewer places are left, the fewer of them one destination gets, so that " +
      "some are left for others.",
  ),
  destination: options({
    concurrency: count(1).default(20).describe(ABOUT_CONCURRENCY),
    initial: count(1).default(5).describe(ABOUT_INITIAL),
    rate: rate.optional().describe(ABOUT_RATE).meta({ examples: ["100/min"] }),
  }).prefault({}).describe(
    "What holds for each destination: a domain that mail is relayed to, or a mailbox of this machine.",
  ),
  destinations: z.record(z.string().transform(canonicalName), overrides, { error: DESTINATIONS })
    .prefault({}).describe("What differs for some destinations, by their names.")
    .meta({ examples: [{ "example.net": { concurrency: 2, rate: "10/min" } }] }),
} satisfies { readonly [K in keyof ScheduleSettings]: z.ZodType<ScheduleSettings[K], unknown> };
