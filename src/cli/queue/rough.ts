/**
 * Numbers as people say them.
 * @module
 */

const DURATIONS = [["d", 86_400_000], ["h", 3_600_000], ["min", 60_000], ["s", 1000]] as const;
const SIZES = [["GiB", 1024 ** 3], ["MiB", 1024 ** 2], ["KiB", 1024], ["B", 1]] as const;

/** A duration of milliseconds, rounded down: `26 h`, `3 d`; two days are 48 hours before that. */
export function roughDuration(milliseconds: number): string {
  const [unit, factor] =
    DURATIONS.find(([unit, factor]) => milliseconds >= (unit === "d" ? 2 : 1) * factor) ??
      DURATIONS.at(-1)!;
  return `${Math.floor(Math.max(0, milliseconds) / factor)} ${unit}`;
}

/** Octets: `812 B`, `1.4 KiB`, `23 MiB`. */
export function roughSize(octets: number): string {
  const [unit, factor] = SIZES.find(([, factor]) => octets >= factor) ?? SIZES.at(-1)!;
  const number = octets / factor;
  return `${number < 10 && factor > 1 ? number.toFixed(1) : Math.floor(number)} ${unit}`;
}

/** `1 recipient`, `12,000 recipients`. */
export const counted = (count: number, noun: string): string =>
  `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
