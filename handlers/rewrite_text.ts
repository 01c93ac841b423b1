/**
 * Other words.
 * @module
 */
import { type HandlerFactory, type Header, on, readHeader } from "postmaster";
import { defineHandler, kinds, z } from "postmaster/making";
import { rewriteBody } from "./rewrite_body.ts";
import { sentAt } from "./sent_at.ts";
import { eachOnce } from "./table.ts";
import { isWord } from "./words.ts";

const hour = (most: number) => z.int({ error: `an hour from 0 to ${most}` }).min(0).max(most);

const options = kinds.options({
  replace: z.record(
    z.string().refine(isWord, { error: "not one word, of letters and digits" }),
    z.string({ error: "a text: put it in quotes" })
      .regex(/^[^\p{Cc}]*$/u, { error: "a text on one line" }),
    { error: "words and what to put in their place, such as { no: yes }" },
  ).superRefine(eachOnce((word) => word.toLowerCase())).describe(
    "Words, of letters and digits, and what to put in their place.",
  ),
  from: z.string({ error: "a text" }).min(1).optional()
    .describe(
      "Only for messages with this in `From`, in the decoded name or the address, in any case.",
    ),
  between: z.tuple([hour(23), hour(24)], { error: "two hours, such as [8, 10]" }).optional()
    .describe(
      "Only for messages sent from the one hour until the other, over midnight if the second is the smaller.",
    ),
  timeZone: z.string({ error: "a time zone" })
    .refine(isTimeZone, {
      error: ({ input }) =>
        `\`${input}\` is no time zone that is known here: write one such as Europe/Berlin or +01:00`,
    })
    .default("UTC").describe(
      "The time zone of `between`: `Europe/Berlin` has summer time; CET all the year round is `+01:00`.",
    ),
});

/** Fields `From` that are looked at. There should be one (RFC 5322 section 3.6). */
const MAX_FROM = 10;

/** The options of {@linkcode rewriteText}. */
export interface RewriteTextOptions {
  /** Words, of letters and digits, and what to put in their place. */
  readonly replace: Readonly<Record<string, string>>;
  /** Only for messages with this in `From`, in the decoded name or the address, in any case. */
  readonly from?: string;
  /** Only for messages sent from the one hour until the other, over midnight if the second is the smaller. */
  readonly between?: [number, number];
  /** The time zone of `between`: `Europe/Berlin` has summer time; CET all the year round is `+01:00`. */
  readonly timeZone?: string;
}

/**
 * Rewrites words in the texts of messages, as {@linkcode rewriteBody} does: in all, or in those of one sender, or
 * in those sent at some time of the day (field `Date`, see {@linkcode sentAt}).
 *
 * @example
 * ```ts
 * import { rewriteText } from "postmaster/handlers";
 *
 * export default rewriteText({
 *   replace: { no: "yes" },
 *   from: "Michelle",
 *   between: [8, 10],
 *   timeZone: "Europe/Berlin",
 * });
 * ```
 */
export const rewriteText: HandlerFactory<RewriteTextOptions> = defineHandler({
  name: "rewrite-text",
  summary: "Replaces words in the text of messages.",
  options,
  create: ({ replace, from, between, timeZone }) => {
    const isFrom = (header: Header) =>
      from === undefined ||
      header.all("From").slice(0, MAX_FROM).some(({ text }) =>
        text.toLowerCase().includes(from.toLowerCase())
      );
    const isSent = (header: Header, now: Date) =>
      between === undefined || isWithin(hourOf(sentAt(header, now), timeZone), between);
    return on("Deliver", async (event, next, session) => {
      const { header, body } = await readHeader(event.body);
      const wanted = isFrom(header) && isSent(header, session.time);
      return next({ ...event, body: wanted ? rewriteBody(body, replace) : body });
    });
  },
  example: `\
rewrite-text:
  replace: { "no": "yes" }
  from: Michelle
  between: [8, 10]
  time-zone: Europe/Berlin`,
});

/** From the first hour until the second one, over midnight if that is the smaller. */
const isWithin = (hour: number, [from, to]: readonly [number, number]): boolean =>
  from <= to ? hour >= from && hour < to : hour >= from || hour < to;

const hourOf = (time: Date, timeZone: string): number =>
  Temporal.Instant.fromEpochMilliseconds(time.getTime()).toZonedDateTimeISO(timeZone).hour;

function isTimeZone(name: string): boolean {
  try {
    return Number.isInteger(hourOf(new Date(0), name));
  } catch {
    return false;
  }
}
