/**
 * Lines on the standard output, many in one write: a long message has too many lines for a write each.
 * @module
 */
import { printable } from "../log/escape.ts";

/** The most characters that wait. */
const ENOUGH = 64 * 1024;

/** Gathers lines until they are flushed, or are many. */
export class Printer {
  #waiting = "";

  print(line: string): void {
    this.#waiting += `${line}\n`;
    if (this.#waiting.length > ENOUGH) this.flush();
  }

  /** Prints a comment of a transcript. */
  comment(line: string): void {
    this.print(`# ${printable(line)}`);
  }

  flush(): void {
    let bytes = new TextEncoder().encode(this.#waiting);
    this.#waiting = "";
    while (bytes.length > 0) bytes = bytes.subarray(Deno.stdout.writeSync(bytes));
  }
}

/** Prints a text of any length. */
export function printAll(text: string): void {
  const printer = new Printer();
  printer.print(text.trimEnd());
  printer.flush();
}
