/**
 * Suggestions for a name that is unknown.
 * @module
 */
import { closest, distance } from "fastest-levenshtein";

/** The end of a message about an unknown name: the nearest known name, or `otherwise`. */
export function suggest(unknown: string, known: readonly string[], otherwise: string): string {
  const written = unknown.toLowerCase();
  const nearest = known.length === 0 ? "" : closest(written, known);
  return distance(written, nearest) <= Math.ceil(nearest.length / 3)
    ? `did you mean \`${nearest}\`?`
    : otherwise;
}

/** `write one of`, and all names. */
export const oneOf = (names: readonly string[]): string =>
  `write one of ${names.map((name) => `\`${name}\``).join(", ")}`;
