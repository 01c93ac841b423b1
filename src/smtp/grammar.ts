/**
 * How the value of one parameter of MAIL or RCPT is written.
 * @module
 */
import { upper } from "./ascii.ts";
import type { Fault } from "./fault.ts";

/** How the value of a parameter is written, and what it means. */
export interface Grammar<T> {
  /** Octets by which the parameter may make its line longer, with the space before it. */
  readonly octets: number;
  /** The value that a text stands for, or what is wrong with the text. `null` is a parameter without a value. */
  readonly read: (text: string | null) => T | Fault;
}

/** A fault in a parameter. */
export const wrong = (code: 501 | 504 | 555, reason: string): Fault => ({
  code,
  enhanced: "5.5.4",
  reason,
});

/** A parameter without a value: it is there, or it is not. */
export const flag = (name: string): Grammar<true> => {
  const valued = wrong(501, `${name} takes no value`);
  return { octets: 1 + name.length, read: (text) => text === null ? true : valued };
};

/** A parameter whose value is one of a few words, in any case. */
export function oneOf<W extends string>(
  octets: number,
  words: readonly W[],
  fault: Fault,
): Grammar<W> {
  const known: ReadonlyMap<string, W> = new Map(words.map((word) => [word, word]));
  return { octets, read: (text) => known.get(upper(text ?? "")) ?? fault };
}
