/**
 * One thread for hashes, as the server's thread sees it.
 * @module
 */
import type { HashAnswer, HashRequest } from "./hash_worker.ts";

/** Milliseconds for a thread to start. */
const PATIENCE = 20_000;
/** Threads that were started before they are needed. */
const ready: HashThread[] = [];

/** A thread that works on one question at a time. */
export class HashThread implements Disposable {
  readonly #worker = new Worker(new URL("./hash_worker.ts", import.meta.url), { type: "module" });

  /** Starts a thread and returns when it has loaded what it needs: root may be the only reader of that. */
  static async prepare(): Promise<void> {
    const thread = new HashThread();
    await thread.ask({ password: "" }, AbortSignal.timeout(PATIENCE));
    ready.push(thread);
  }

  /** A thread that was prepared, or else a new one. */
  static next(): HashThread {
    return ready.pop() ?? new HashThread();
  }

  /** Rejects if the thread dies or the signal is aborted first; the thread is of no use then. */
  ask(request: HashRequest, signal: AbortSignal): Promise<HashAnswer> {
    return new Promise((resolve, reject) => {
      const abort = () => reject(signal.reason);
      signal.addEventListener("abort", abort, { once: true });
      this.#worker.onmessage = ({ data }: MessageEvent<HashAnswer>) => {
        signal.removeEventListener("abort", abort);
        resolve(data);
      };
      this.#worker.onerror = (event) => {
        event.preventDefault(); // or it would end the server
        reject(new Error(event.message));
      };
      this.#worker.postMessage(request);
    });
  }

  /** Ends the thread, once it is done with what it works on: the runtime does not break that off. */
  [Symbol.dispose](): void {
    this.#worker.terminate();
  }
}
