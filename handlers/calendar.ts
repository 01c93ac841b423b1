/**
 * Conditions on the time: weekdays, hours, dates, leap years.
 * @module
 */
import { kinds, z } from "postmaster/making";

/** From Monday, as Temporal counts them from 1. */
const WEEKDAYS: readonly Weekday[] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/** A day of the week. */
export type Weekday = "mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun";

/** A point of local time. */
export type Moment = Temporal.ZonedDateTime;

const hour = z.int({ error: "an hour from 0 to 24" }).min(0).max(24);

const hours = z.tuple([hour, hour], { error: "two hours, such as [8, 18]" })
  .refine(([from, to]) => from !== to, { error: "these hours are no time at all" })
  .transform(([from, to]) => (moment: Moment) =>
    from < to ? moment.hour >= from && moment.hour < to : moment.hour >= from || moment.hour < to
  );

/**
 * `2026-12-24`, `12-24` for every year, or the first and the last day of a time: `12-24..01-02`.
 *
 * @throws {TypeError} for an invalid date
 */
function parseDates(text: string): (moment: Moment) => boolean {
  const [first = "", last = first, ...more] = text.split("..");
  const yearly = first.length === 5;
  if (more.length > 0 || !isDate(first) || !isDate(last) || (last.length === 5) !== yearly) {
    throw new TypeError(`\`${text}\` is no date: write 2026-12-24, 12-24 or 12-24..01-02`);
  }
  if (!yearly && last < first) throw new TypeError(`\`${text}\` ends before it begins`);
  return (moment) => {
    const day = moment.toPlainDate().toString().slice(yearly ? 5 : 0);
    return first <= last ? first <= day && day <= last : first <= day || day <= last;
  };
}

function isDate(text: string): boolean {
  if (!/^(\d{4}-)?\d\d-\d\d$/.test(text)) return false;
  try {
    const full = text.length === 5 ? `2000-${text}` : text; // a leap year has every day
    return Temporal.PlainDate.from(full).toString() === full;
  } catch {
    return false;
  }
}

const timeZone = kinds.text("a time zone such as Europe/Berlin", (name) => {
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name);
    return name;
  } catch {
    throw new TypeError(
      `there is no time zone \`${name}\`: write one such as Europe/Berlin or UTC`,
    );
  }
});

/** The keys of a condition that ask for the time. */
export const timeShape = {
  weekday: kinds.oneOrMore(z.enum(WEEKDAYS))
    .transform((days) => (moment: Moment) => days.includes(WEEKDAYS[moment.dayOfWeek - 1]!))
    .optional().describe("Days of the week: mon, tue, wed, thu, fri, sat, sun."),
  hours: hours.optional()
    .describe("From the first hour to before the second, over midnight too: [22, 6]."),
  dates: kinds.oneOrMore(kinds.text("a date such as 2026-12-24", parseDates))
    .transform((all) => (moment: Moment) => all.some((one) => one(moment))).optional()
    .describe(
      "Days: 2026-12-24, 12-24 in every year, 12-24..01-02 for a range.",
    ),
  leapYear: z.boolean().transform((leap) => (moment: Moment) => moment.inLeapYear === leap)
    .optional().describe("The year has 366 days, or has not."),
  timeZone: timeZone.optional()
    .describe("The time zone: an IANA name; by default the server's."),
};

/** The keys of {@linkcode timeShape} that are conditions by themselves. */
export const TIME_KEYS = ["weekday", "hours", "dates", "leapYear"] as const;

/** The moment in a time zone; without one, in the server's. */
export const momentOf = (time: Date, zone: string = Temporal.Now.timeZoneId()): Moment =>
  Temporal.Instant.fromEpochMilliseconds(time.getTime()).toZonedDateTimeISO(zone);
