/**
 * How far a long command is, on a terminal.
 * @module
 */

/** Milliseconds before anything is shown. */
const PATIENCE = 1000;
/** Milliseconds between two looks. */
const PACE = 250;

/** Shows on the standard error, if that is a terminal, what takes longer than a second; until it is disposed of. */
export class Progress implements Disposable {
  readonly #start = performance.now();
  readonly #text: () => string;
  #timer: ReturnType<typeof setInterval> | undefined;
  #shown = false;

  /** @param text what is shown now */
  constructor(text: () => string) {
    this.#text = text;
    if (!Deno.stderr.isTerminal()) return;
    this.#timer = setInterval(() => this.#show(), PACE);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    if (this.#shown) write("\r\x1b[K");
  }

  #show(): void {
    const elapsed = performance.now() - this.#start;
    if (elapsed < PATIENCE) return;
    this.#shown = true;
    write(`\r\x1b[K${this.#text()} (${Math.floor(elapsed / 1000)} s)`);
  }
}

const write = (text: string) => Deno.stderr.writeSync(new TextEncoder().encode(text));
