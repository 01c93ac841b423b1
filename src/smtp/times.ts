/**
 * The parameters of MAIL about when to deliver (RFC 2852 section 4, RFC 4865 section 4).
 * @module
 */
import { upper } from "./ascii.ts";
import { type Grammar, wrong } from "./grammar.ts";

/** By when a message should be there, and what happens otherwise. */
export interface DeliverBy {
  /** Seconds from the receipt of the command; negative if that time is over. */
  readonly seconds: number;
  /** What happens to a message that is late: it is returned, or its sender is told and it goes on. */
  readonly late: "return" | "notify";
  /** Each relay on the way tells the sender of it. */
  readonly trace: boolean;
}

const NO_DEADLINE = wrong(501, "BY wants seconds, a semicolon, and R or N, perhaps with T");
const TOO_LATE = wrong(501, "BY with R wants a time to come");

/** BY: the deadline of the message. */
export const BY: Grammar<DeliverBy> = {
  octets: 17,
  read: (text) => {
    const [, digits, mode, trace] = /^([+-]?\d{1,9});([RN])(T?)$/.exec(upper(text ?? "")) ?? [];
    if (digits === undefined) return NO_DEADLINE;
    const seconds = Number(digits);
    if (mode === "R" && seconds <= 0) return TOO_LATE;
    return { seconds, late: mode === "R" ? "return" : "notify", trace: trace === "T" };
  },
};

const NO_DURATION = wrong(501, "HOLDFOR wants a number of seconds");

/** HOLDFOR: the seconds for which the message is held back. */
export const HOLDFOR: Grammar<number> = {
  octets: 18,
  read: (text) => /^\d{1,9}$/.test(text ?? "") ? Number(text) : NO_DURATION,
};

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;
const NO_TIME = wrong(501, "HOLDUNTIL wants a time such as 2026-12-24T18:00:00Z");

/** HOLDUNTIL: the time until which the message is held back, as RFC 3339 writes it. */
export const HOLDUNTIL: Grammar<Date> = {
  octets: 36,
  read: (text) => {
    const written = upper(text ?? "");
    if (!TIME.test(written)) return NO_TIME;
    try {
      return new Date(Temporal.Instant.from(written).epochMilliseconds);
    } catch {
      return NO_TIME; // there is no such day
    }
  },
};
