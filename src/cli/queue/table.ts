/**
 * Tables that are printed piece by piece.
 * @module
 */

/** The most characters that a column is padded to: longer cells push the others of their line aside. */
const WIDEST = 40;

/** A column. */
export interface Column<T> {
  readonly head: string;
  /** The least width: so a column of times does not move the others from one second to the next. */
  readonly least?: number;
  readonly cell: (row: T) => string;
  /** Numbers stand at the right. */
  readonly right?: boolean;
}

/** A table whose columns are as wide as its first rows need. */
export class Table<T> {
  readonly #columns: readonly Column<T>[];
  #widths: readonly number[] | undefined;

  constructor(columns: readonly Column<T>[]) {
    this.#columns = columns;
  }

  /** The lines for further rows; before the first ones comes the head. */
  lines(rows: readonly T[]): string[] {
    const cells = rows.map((row) => this.#columns.map(({ cell }) => cell(row)));
    if (this.#widths !== undefined) return cells.map((line) => this.#line(line));
    const all = [this.#columns.map(({ head }) => head), ...cells];
    this.#widths = this.#columns.map(({ least = 0 }, i) =>
      Math.min(WIDEST, all.reduce((most, line) => Math.max(most, line[i]!.length), least))
    );
    return all.map((line) => this.#line(line));
  }

  #line(cells: readonly string[]): string {
    return this.#columns.map(({ right }, i) => {
      const width = this.#widths![i]!;
      return right ? cells[i]!.padStart(width) : cells[i]!.padEnd(width);
    }).join("  ").trimEnd();
  }
}
