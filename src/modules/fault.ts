/**
 * What is wrong with a module, and where.
 * @module
 */
import { pathToFileURL } from "node:url";
import type { OriginalPlace } from "../base/origin.ts";

/** A module that cannot be used. */
export class ModuleFault extends Error {
  override readonly name = "ModuleFault";
  readonly problem: string;
  readonly place: OriginalPlace | undefined;
  /** The text of the file in which the place is. */
  readonly source: string | undefined;

  /**
   * @param problem what is wrong and how to mend it
   * @param place where it is
   * @param source the text of the file in which the place is
   */
  constructor(problem: string, place?: OriginalPlace, source?: string) {
    super(place ? `${problem} (${place.file}:${place.line}:${place.column})` : problem);
    this.problem = problem;
    this.place = place;
    this.source = source;
  }

  /** The line of the source and a caret below the mistake; `undefined` if the place is unknown. */
  get excerpt(): string | undefined {
    return this.place && this.source !== undefined ? excerptOf(this.source, this.place) : undefined;
  }
}

/** How much of a long line is shown. */
const WIDTH = 100;

/**
 * A line of a source, with a caret below the column; `undefined` if there is no such line.
 *
 * ```text
 *   3 | throw new Error("boom");
 *     |       ^
 * ```
 */
export function excerptOf(source: string, { line, column }: LineAndColumn): string | undefined {
  const whole = source.split(/\r?\n/)[line - 1];
  if (whole === undefined) return undefined;
  const from = column > WIDTH ? column - WIDTH / 2 : 0;
  // deno-lint-ignore no-control-regex -- what a file has in it must not move the cursor
  const shown = whole.slice(from, from + WIDTH).replace(/[\x00-\x08\x0a-\x1f\x7f]/g, " ");
  const before = shown.slice(0, Math.max(column - 1 - from, 0)).replace(/[^\t]/g, " ");
  const number = String(line);
  return `  ${number} | ${shown}\n  ${" ".repeat(number.length)} | ${before}^`;
}

/** A place in a text; both count from 1. */
type LineAndColumn = Pick<OriginalPlace, "line" | "column">;

/** What is wrong at a place in a file with this source. */
export const faultAt = (
  place: LineAndColumn,
  problem: string,
  file: string,
  source: string,
): ModuleFault =>
  new ModuleFault(problem, { source: pathToFileURL(file).href, file, ...place }, source);

/** The place of an offset in a source. */
export function lineAndColumn(source: string, offset: number): LineAndColumn {
  const before = source.slice(0, offset).split("\n");
  return { line: before.length, column: before.at(-1)!.length + 1 };
}
