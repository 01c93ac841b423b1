/**
 * The ledger, for the server's thread.
 * @module
 */
import type { LedgerLimits } from "./ledger.ts";
import type { Call, Calls, Returned } from "./ledger_worker.ts";

/** A ledger in a thread of its own. */
export class RemoteLedger {
  readonly #worker = new Worker(new URL("./ledger_worker.ts", import.meta.url), { type: "module" });
  readonly #waiting: PromiseWithResolvers<unknown>[] = [];

  private constructor() {
    this.#worker.onmessage = ({ data }: MessageEvent<Returned>) => {
      const asked = this.#waiting.shift();
      if ("error" in data) asked?.reject(new Error(data.error));
      else asked?.resolve(data.value);
    };
    this.#worker.onerror = (event) => {
      event.preventDefault(); // or it would end the server
      for (const asked of this.#waiting.splice(0)) asked.reject(new Error(event.message));
    };
  }

  /**
   * Opens a file in a thread.
   *
   * @throws {Error} if it cannot be used
   */
  static async open(file: string, limits: LedgerLimits | undefined): Promise<RemoteLedger> {
    const ledger = new RemoteLedger();
    try {
      await ledger.ask("open", file, limits);
      return ledger;
    } catch (error) {
      ledger.terminate();
      throw error;
    }
  }

  /** Calls a function of the thread. */
  ask<N extends keyof Calls>(
    name: N,
    ...args: Parameters<Calls[N]>
  ): Promise<ReturnType<Calls[N]>> {
    const asked = Promise.withResolvers<unknown>();
    this.#waiting.push(asked);
    this.#worker.postMessage({ name, args } satisfies Call);
    return asked.promise as Promise<ReturnType<Calls[N]>>;
  }

  /** Closes the file and ends the thread. */
  async close(): Promise<void> {
    await this.ask("close").catch(() => {}); // what matters is written
    this.terminate();
  }

  /** Ends the thread at once. */
  terminate(): void {
    this.#worker.terminate();
  }
}
