/**
 * What a shadow finds, counted until it is told.
 * @module
 */
import { kindOf, type VerdictDifference } from "../handler/verdict_difference.ts";
import type { Findings, Noted, Uncompared } from "./observed.ts";

/** Examples of one kind that are told at once, and kinds. What comes beyond is counted as `others`. */
const EXAMPLES = 3;
const KINDS = 200;
/** The kind of what has no place any more. */
export const OTHERS = "others";
/** Characters of a note that are kept. */
const LONGEST = 500;

/** Counts. */
export class Tally {
  #sessions = 0;
  #lost = 0;
  #compared = 0;
  #uncompared: Partial<Record<Uncompared, number>> = {};
  readonly #differences = new Map<string, { count: number; examples: VerdictDifference[] }>();
  readonly #notes = new Map<string, Noted & { count: number }>();

  session(): void {
    this.#sessions++;
  }

  lost(): void {
    this.#lost++;
  }

  compared(): void {
    this.#compared++;
  }

  uncompared(why: Uncompared): void {
    this.#uncompared[why] = (this.#uncompared[why] ?? 0) + 1;
  }

  differs(difference: VerdictDifference): void {
    const kind = roomFor(this.#differences, kindOf(difference));
    const alike = this.#differences.get(kind) ?? { count: 0, examples: [] };
    this.#differences.set(kind, alike);
    alike.count++;
    if (alike.examples.length < EXAMPLES) alike.examples.push(difference);
  }

  note(noted: Noted): void {
    const text = noted.text.slice(0, LONGEST);
    const key = roomFor(
      this.#notes,
      JSON.stringify([noted.what, noted.handler, noted.event, text]),
    );
    const known = this.#notes.get(key) ?? { ...noted, text: key === OTHERS ? key : text, count: 0 };
    this.#notes.set(key, known);
    known.count++;
  }

  /** What was found since this was last called; `undefined` if nothing was. */
  take(): Findings | undefined {
    const found: Findings = {
      sessions: this.#sessions,
      lost: this.#lost,
      compared: this.#compared,
      uncompared: this.#uncompared,
      differences: Array.from(this.#differences, ([kind, alike]) => ({ kind, ...alike })),
      notes: [...this.#notes.values()],
    };
    this.#sessions = this.#lost = this.#compared = 0;
    this.#uncompared = {};
    this.#differences.clear();
    this.#notes.clear();
    return JSON.stringify(found) === NOTHING ? undefined : found;
  }
}

const NOTHING = JSON.stringify(
  {
    sessions: 0,
    lost: 0,
    compared: 0,
    uncompared: {},
    differences: [],
    notes: [],
  } satisfies Findings,
);

const roomFor = (map: ReadonlyMap<string, unknown>, key: string): string =>
  map.has(key) || map.size < KINDS ? key : OTHERS;
