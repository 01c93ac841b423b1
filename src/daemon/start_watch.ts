/**
 * Says what the start of a server waits for. A disk that does not answer holds the whole thread, often for ever: only
 * another thread can say so.
 * @module
 */

/** The start of a server under watch, until it is disposed of. */
export class StartWatch implements Disposable {
  readonly #worker = new Worker(new URL("./start_watch_worker.ts", import.meta.url), {
    type: "module",
  });

  constructor() {
    this.#worker.onerror = (event) => event.preventDefault(); // a start without a watch is still a start
  }

  /** Names the next step. If it takes longer than five seconds, the standard error says so. */
  step(what: string): void {
    this.#worker.postMessage(what);
  }

  [Symbol.dispose](): void {
    this.#worker.terminate();
  }
}
