/**
 * Sizes and durations as people write them: `50 MiB`, `5 min`.
 * @module
 */

interface Unit {
  readonly name: string;
  readonly factor: number;
}

/** The largest first; of two equal ones, the first is printed. */
const SIZES: readonly Unit[] = [
  { name: "GiB", factor: 1024 ** 3 },
  { name: "GB", factor: 1000 ** 3 },
  { name: "MiB", factor: 1024 ** 2 },
  { name: "MB", factor: 1000 ** 2 },
  { name: "KiB", factor: 1024 },
  { name: "kB", factor: 1000 },
  { name: "B", factor: 1 },
];

const DURATIONS: readonly Unit[] = [
  { name: "d", factor: 86_400_000 },
  { name: "h", factor: 3_600_000 },
  { name: "min", factor: 60_000 },
  { name: "s", factor: 1000 },
  { name: "ms", factor: 1 },
];

/** What {@linkcode parseSize} accepts, as a pattern for editors. A number needs no unit. */
export const SIZE_PATTERN: RegExp = patternOf(SIZES);

/** What {@linkcode parseDuration} accepts, except a zero without a unit. */
export const DURATION_PATTERN: RegExp = patternOf(DURATIONS);

function patternOf(units: readonly Unit[]): RegExp {
  const names = units.map(({ name }) =>
    name.replace(/./g, (letter) => `[${letter.toUpperCase()}${letter.toLowerCase()}]`)
  );
  return new RegExp(`^\\d+(\\.\\d+)? *(${names.join("|")})$`);
}

/** Octets from `512`, `10 kB` (of 1000) or `50 MiB` (of 1024). Throws a TypeError. */
export function parseSize(text: string): number {
  const { number, unit } = split(text);
  if (number !== undefined) {
    const factor = unit === "" ? 1 : factorOf(SIZES, unit);
    const octets = Math.round(number * (factor ?? NaN));
    if (Number.isSafeInteger(octets)) return octets;
  }
  throw new TypeError(
    `\`${text}\` is not a size: write a number with B, kB, MB, GB (of 1000) or KiB, MiB, GiB (of 1024), ` +
      "such as `50 MiB`",
  );
}

/** The text from which {@linkcode parseSize} makes the same number: `50 MiB`. */
export const printSize = (octets: number): string => print(SIZES, octets);

/** Milliseconds from `250 ms`, `30 s`, `5 min`, `1 h` or `2 d`. Throws a TypeError. */
export function parseDuration(text: string): number {
  const { number, unit } = split(text);
  if (number === 0 && unit === "") return 0;
  if (number !== undefined) {
    const milliseconds = Math.round(number * (factorOf(DURATIONS, unit) ?? NaN));
    if (Number.isSafeInteger(milliseconds)) return milliseconds;
  }
  throw new TypeError(
    `\`${text}\` is not a duration: write a number with ms, s, min, h or d, such as \`5 min\``,
  );
}

/** The text from which {@linkcode parseDuration} makes the same number: `5 min`. */
export const printDuration = (milliseconds: number): string => print(DURATIONS, milliseconds);

function split(text: string): { number: number | undefined; unit: string } {
  const match = /^(\d+(?:\.\d+)?) *([A-Za-z]*)$/.exec(text);
  return {
    number: match?.[1] === undefined ? undefined : Number(match[1]),
    unit: match?.[2] ?? "",
  };
}

/** Ignores case: `KB` is `kB`, and nobody means a tenth of a byte by `mb`. */
function factorOf(units: readonly Unit[], name: string): number | undefined {
  return units.find((unit) => unit.name.toLowerCase() === name.toLowerCase())?.factor;
}

function print(units: readonly Unit[], value: number): string {
  const unit = units.find(({ factor }) => value !== 0 && value % factor === 0) ?? units.at(-1)!;
  return `${value / unit.factor} ${unit.name}`;
}
