/**
 * The fields of a header as lines, to compare headers.
 * @module
 */

/** The fields of a header, whose characters are octets: each as it was sent, without the CRLF at its end. */
export const fieldLines = (header: string): string[] =>
  header.split(/\r\n(?![ \t])/).filter((field) => field !== "");

/** The name of a field; the whole line if it is none. */
export const nameOfLine = (field: string): string => /^[^\s:]+/.exec(field)?.[0] ?? field;

/** The items of a list without those of another, each as often as it is there. */
export function without(list: readonly string[], other: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const one of other) counts.set(one, (counts.get(one) ?? 0) + 1);
  return list.filter((one) => {
    const left = counts.get(one) ?? 0;
    counts.set(one, left - 1);
    return left <= 0;
  });
}
