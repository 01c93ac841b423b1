/**
 * The thread of the queue's file, as the server's thread sees it.
 * @module
 */
import { StoreFault, StoreFull } from "../store.ts";
import type { Operations, Request, Response } from "./worker.ts";

const ERRORS = { full: StoreFull, fault: StoreFault, mistake: Error };

/** Asks the thread. Questions are answered in their order. */
export class Thread {
  readonly #worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  readonly #waiting: PromiseWithResolvers<unknown>[] = [];

  constructor() {
    this.#worker.onmessage = ({ data }: MessageEvent<Response>) => {
      const asked = this.#waiting.shift();
      if ("value" in data) asked?.resolve(data.value);
      else asked?.reject(new ERRORS[data.kind](data.error));
    };
    this.#worker.onerror = (event) => {
      event.preventDefault(); // or it would end the server
      for (const asked of this.#waiting.splice(0)) asked.reject(new StoreFault(event.message));
    };
  }

  /**
   * Does an operation in the thread.
   *
   * @throws {StoreFull}
   * @throws {StoreFault}
   */
  ask<K extends keyof Operations>(
    name: K,
    ...args: Parameters<Operations[K]>
  ): Promise<ReturnType<Operations[K]>> {
    const asked = Promise.withResolvers<unknown>();
    this.#waiting.push(asked);
    this.#worker.postMessage({ name, args } satisfies Request);
    return asked.promise as Promise<ReturnType<Operations[K]>>;
  }

  /** Ends the thread at once. */
  terminate(): void {
    this.#worker.terminate();
  }
}
