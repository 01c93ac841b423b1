/**
 * What a shadow finds, counted until it is told.
 * @module
 */
import {
  OTHERS,
  type VerdictDifference,
  VerdictDifferences,
} from "../handler/verdict_difference.ts";
import type { Findings, Noted, Uncompared } from "./observed.ts";

/** Kinds of differences, and of notes, that are told at once, and examples of one. What comes beyond is {@linkcode OTHERS}. */
const KINDS = 200;
const EXAMPLES = 3;
/** Characters of a note that are kept. */
const LONGEST = 500;

/** Counts. */
export class Tally {
  #sessions = 0;
  #lost = 0;
  #compared = 0;
  #uncompared: Partial<Record<Uncompared, number>> = {};
  #differences = noDifferences();
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
    this.#differences.add(difference);
  }

  note(noted: Noted): void {
    const text = noted.text.slice(0, LONGEST);
    const own = JSON.stringify([noted.what, noted.handler, noted.event, text]);
    const key = this.#notes.has(own) || this.#notes.size < KINDS ? own : OTHERS;
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
      differences: Array.from(this.#differences.kinds, ([kind, alike]) => ({ kind, ...alike })),
      notes: [...this.#notes.values()],
    };
    this.#sessions = this.#lost = this.#compared = 0;
    this.#uncompared = {};
    this.#differences = noDifferences();
    this.#notes.clear();
    return JSON.stringify(found) === NOTHING ? undefined : found;
  }
}

const noDifferences = () => new VerdictDifferences({ kinds: KINDS, examples: EXAMPLES });

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
