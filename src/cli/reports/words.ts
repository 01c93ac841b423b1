/**
 * Words that reports of all kinds are told in.
 * @module
 */

/** The name of a file that is the standard input. */
export const STDIN = "-";

/** `2026-11-28 00:00 UTC` of seconds since the epoch. */
export function dayOf(seconds: number | undefined): string {
  const time = new Date((seconds ?? NaN) * 1000);
  return Number.isNaN(time.getTime())
    ? "?"
    : `${time.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** `3 messages`. */
export const messages = (count: number): string =>
  `${count} ${count === 1 ? "message" : "messages"}`;

/** `66.7 %`. */
export const percent = (part: number, whole: number): string =>
  `${whole === 0 ? 0 : Math.round(1000 * part / whole) / 10} %`;
