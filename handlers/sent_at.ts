/**
 * When a message was sent.
 * @module
 */
import type { Header } from "postmaster";

const DAY = 24 * 60 * 60 * 1000;

/**
 * The time in the field `Date` (RFC 5322 section 3.6.1). Without a valid field, or with a time more than a week
 * before `now` or more than a day after it, the message was sent `now`: no mail server tries for longer than a week,
 * and clocks are wrong by at most a time zone.
 */
export function sentAt(header: Header, now: Date): Date {
  const time = Date.parse(header.first("Date")?.text.slice(0, 100) ?? "");
  const sensible = time >= now.getTime() - 7 * DAY && time <= now.getTime() + DAY;
  return sensible ? new Date(time) : now;
}
