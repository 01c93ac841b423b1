/**
 * The part of the schema that is about how much is sent to exchangers, and from own addresses.
 * @module
 */
import { isIP } from "node:net";
import { z } from "zod";
import { peerAddress } from "../base/ip.ts";
import { attempt, count, options } from "../base/kinds.ts";
import { canonicalName } from "../dns/name.ts";
import {
  DEFAULT_SOURCE,
  type ExchangerGroup,
  type RelayLimitSettings,
} from "../relay/relay_limits.ts";
import { rate } from "./rate.ts";

const ABOUT_CONCURRENCY = "Connections to an exchanger, or a group of them, at once.";
const ABOUT_INITIAL =
  "Connections at once in the beginning. One more comes with each full round of " +
  "messages that went well, and trouble halves them.";
const ABOUT_RATE = "How many messages may go there in a time; by default any number.";

const PATTERN =
  "the name of an exchanger, such as `mx.example.net`, or `*.example.net` for all below";

const pattern = z.string({ error: PATTERN }).transform(attempt((text: string) => {
  const below = text.startsWith("*.");
  const name = canonicalName(below ? text.slice(2) : text);
  if (name === "" || name.includes("*")) throw new TypeError(`\`${text}\` must be ${PATTERN}`);
  return below ? `*.${name}` : name;
}));

const group = options({
  match: z.array(pattern).min(1).optional().describe(
    "The names of the exchangers; `*.example.net` means all below that. The default is the key.",
  ).meta({ examples: [["*.google.com", "*.googlemail.com"]] }),
  concurrency: count(1).optional().describe(ABOUT_CONCURRENCY),
  initial: count(1).optional().describe(ABOUT_INITIAL),
  rate: rate.optional().describe(ABOUT_RATE).meta({ examples: ["100/min"] }),
});

const GROUPS = 'a mapping such as `"*.google.com": {concurrency: 10}`';

const groups = z.record(z.string(), group, { error: GROUPS }).transform((all, context) =>
  Object.entries(all).map(([name, { match, ...limits }]): ExchangerGroup => {
    const key = match === undefined ? pattern.safeParse(name) : undefined;
    if (key?.success === false) {
      context.addIssue({ code: "custom", message: key.error.issues[0]!.message, path: [name] });
    }
    return { name, match: match ?? [key?.data ?? name], ...limits };
  })
);

const A_DAY = "a day such as `2026-12-01`";

const day = z.string({ error: A_DAY }).regex(/^\d{4}-\d\d-\d\d$/, { error: A_DAY })
  .transform(attempt((text: string) => {
    const time = Date.parse(text);
    const isDay = !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
    if (!isDay) throw new TypeError(`\`${text}\` is no day of the calendar`);
    return time;
  }));

const source = options({
  concurrency: count(1).optional().describe(
    "Messages that are sent from the address at once; by default any number.",
  ),
  rate: rate.optional().describe("How many messages may be sent in a time; by default any number.")
    .meta({ examples: ["1000/h"] }),
  warmUp: options({
    from: day.describe("The first day, in UTC."),
    plan: z.tuple([count(1)], count(1)).describe(
      "The messages of each day, in total; after the last day there is no limit.",
    ),
  }).optional().describe(
    "How much a new address sends on its first days. More is deferred until the next day, for as " +
      "long as that takes.",
  ).meta({ examples: [{ from: "2026-12-01", plan: [50, 100, 500, 1000, 5000, 10000] }] }),
});

/** An own address, in the form that connections have. */
const ownAddress = z.string().transform(attempt((text: string) => {
  if (text === DEFAULT_SOURCE || isIP(text) !== 0) return peerAddress(text);
  throw new TypeError(`\`${text}\` is no address: write one such as 192.0.2.25, or \`default\``);
}));

/** The keys of the limits. */
export const relayLimitShape = {
  exchanger: options({
    concurrency: count(1).default(20).describe(ABOUT_CONCURRENCY),
    initial: count(1).default(5).describe(ABOUT_INITIAL),
    rate: rate.optional().describe(ABOUT_RATE).meta({ examples: ["100/min"] }),
  }).prefault({}).describe("What holds for each exchanger or group of them, in total."),
  exchangers: groups.prefault({}).describe(
    "Exchangers that share limits, whatever the number of their names and of the domains whose mail " +
      "goes there, and what differs there. The first one that matches counts.",
  ).meta({
    examples: [{
      google: { match: ["*.google.com", "*.googlemail.com"], concurrency: 10, rate: "100/min" },
    }],
  }),
  sourceLimits: z.record(ownAddress, source).prefault({}).describe(
    "What holds for own addresses; `default` is the one that the system chooses. A message that may " +
      "be sent from one of each family counts for both.",
  ).meta({
    examples: [{ default: { "warm-up": { from: "2026-12-01", plan: [50, 100, 500, 1000] } } }],
  }),
} satisfies { readonly [K in keyof RelayLimitSettings]: z.ZodType<RelayLimitSettings[K], unknown> };
