/**
 * Hashes of passwords, made and checked in a thread of their own.
 * @module
 */
import type { HashAnswer, HashRequest } from "./hash_worker.ts";

/** Questions that may wait: at 50 milliseconds each, whoever comes later has given up before it is answered. */
const MOST = 200;

/** Too many passwords wait to be checked. */
export class HashesBusy extends Error {
  override name = "HashesBusy";
}

/** The thread and who waits for it. It is started when it is first asked. */
export class Hashes implements Disposable {
  readonly #waiting = new Map<number, PromiseWithResolvers<boolean | string>>();
  #worker: Worker | undefined;
  #next = 0;

  /**
   * Whether a password has this hash.
   *
   * @throws {HashesBusy} if too many wait
   */
  async verify(password: string, hash: string): Promise<boolean> {
    return await this.#ask({ password, hash }) === true;
  }

  /** A hash of a password. */
  async make(password: string): Promise<string> {
    return String(await this.#ask({ password }));
  }

  [Symbol.dispose](): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    for (const { reject } of this.#waiting.values()) reject(new HashesBusy("the server stops"));
    this.#waiting.clear();
  }

  #ask(question: { password: string; hash?: string }): Promise<boolean | string> {
    if (this.#waiting.size >= MOST) throw new HashesBusy("too many passwords wait to be checked");
    const id = this.#next++;
    const waiting = Promise.withResolvers<boolean | string>();
    this.#waiting.set(id, waiting);
    this.#thread().postMessage({ id, ...question } satisfies HashRequest);
    return waiting.promise;
  }

  #thread(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    const worker = new Worker(new URL("./hash_worker.ts", import.meta.url), { type: "module" });
    worker.onmessage = ({ data }: MessageEvent<HashAnswer>) => {
      const waiting = this.#waiting.get(data.id);
      this.#waiting.delete(data.id);
      if ("error" in data) waiting?.reject(new Error(data.error));
      else waiting?.resolve(data.result);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      this[Symbol.dispose](); // the next question starts another thread
    };
    return this.#worker = worker;
  }
}
