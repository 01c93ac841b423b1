/**
 * A thread with the queue's file, as the server's thread sees it.
 * @module
 */
import { StoreFault, StoreFull } from "../store.ts";
import type { Operations, Request, Response, Start } from "./worker.ts";

const ERRORS = { full: StoreFull, fault: StoreFault, mistake: Error };

/** Asks a thread. Questions are answered in their order. */
export class Thread {
  readonly #worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  readonly #port: MessagePort;
  readonly #waiting: PromiseWithResolvers<unknown>[] = [];
  /** What is asked while the thread is busy: it gets that in one piece. */
  #outbox: Request[] = [];
  /** Questions that the thread has and has not answered. */
  #asked = 0;
  /** Why it answers no more. */
  #end: string | undefined;

  constructor(directory: string) {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.onmessage = ({ data }: MessageEvent<readonly Response[]>) => {
      this.#asked -= data.length;
      this.#send();
      for (const response of data) {
        const asked = this.#waiting.shift();
        if ("value" in response) asked?.resolve(response.value);
        else asked?.reject(new ERRORS[response.kind](response.error));
      }
    };
    this.#worker.onerror = (event) => {
      event.preventDefault(); // or it would end the server
      this.#stop(event.message);
    };
    this.#worker.postMessage({ directory, port: port2 } satisfies Start, [port2]);
  }

  /** Whether it has ended, by a mistake in it or because it was told to. */
  get hasEnded(): boolean {
    return this.#end !== undefined;
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
    if (this.#end !== undefined) return Promise.reject(new StoreFault(this.#end));
    const asked = Promise.withResolvers<unknown>();
    this.#waiting.push(asked);
    this.#outbox.push({ name, args });
    this.#send();
    return asked.promise as Promise<ReturnType<Operations[K]>>;
  }

  #send(): void {
    if (this.#asked > 0 || this.#outbox.length === 0) return;
    this.#asked = this.#outbox.length;
    this.#port.postMessage(this.#outbox);
    this.#outbox = [];
  }

  /** Closes the file, and ends the thread. */
  async close(): Promise<void> {
    await this.ask("close").catch(() => {}); // all that was answered is safe
    this.#stop("the queue's file is closed");
  }

  #stop(why: string): void {
    this.#end ??= why;
    this.#worker.terminate();
    this.#port.close();
    for (const asked of this.#waiting.splice(0)) asked.reject(new StoreFault(why));
  }
}
