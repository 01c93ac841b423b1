/**
 * Functions in a thread of their own, for what is synchronous and may be slow: the thread answers calls in their order.
 * @module
 */
import { messageOf } from "./message_of.ts";

/** Functions by their names. What they take and return must be data that can be copied to another thread. */
// deno-lint-ignore no-explicit-any -- arguments are those of each function
export type Functions = Readonly<Record<string, (...args: any[]) => unknown>>;

interface Call {
  readonly name: string;
  readonly args: readonly unknown[];
}

type Returned = { readonly value: unknown } | { readonly error: string };

/** Within the thread: answers calls of these functions. */
export function answerCalls(functions: Functions): void {
  const thread = globalThis as unknown as Pick<Worker, "onmessage" | "postMessage">;
  thread.onmessage = ({ data: { name, args } }: MessageEvent<Call>) => {
    let returned: Returned;
    try {
      returned = { value: functions[name]!(...args) };
    } catch (error) {
      returned = { error: messageOf(error) };
    }
    thread.postMessage(returned);
  };
}

/** A thread whose functions are `F`, for others. */
export class Thread<F extends Functions> implements Disposable {
  readonly #worker: Worker;
  readonly #waiting: PromiseWithResolvers<unknown>[] = [];
  /** Why the thread answers no more. */
  #end: Error | undefined;

  /** @param worker one that has called {@linkcode answerCalls} */
  constructor(worker: Worker) {
    this.#worker = worker;
    worker.onmessage = ({ data }: MessageEvent<Returned>) => {
      const asked = this.#waiting.shift();
      if ("error" in data) asked?.reject(new Error(data.error));
      else asked?.resolve(data.value);
    };
    worker.onerror = (event) => {
      event.preventDefault(); // or it would end the server
      this.#ended(new Error(event.message));
    };
  }

  /** Whether it answers no more. */
  get hasEnded(): boolean {
    return this.#end !== undefined;
  }

  /**
   * Calls a function.
   *
   * @throws {Error} with the message of what the function throws, or if the thread has ended
   */
  ask<N extends keyof F & string>(
    name: N,
    ...args: Parameters<F[N]>
  ): Promise<ReturnType<F[N]>> {
    if (this.#end !== undefined) return Promise.reject(this.#end);
    const asked = Promise.withResolvers<unknown>();
    this.#waiting.push(asked);
    this.#worker.postMessage({ name, args } satisfies Call);
    return asked.promise as Promise<ReturnType<F[N]>>;
  }

  /** Ends the thread, once it is done with the call that it works on. Calls that are not answered fail. */
  [Symbol.dispose](): void {
    this.#worker.terminate();
    this.#ended(new Error("the thread has been ended"));
  }

  #ended(end: Error): void {
    this.#end ??= end;
    for (const { promise, reject } of this.#waiting.splice(0)) {
      promise.catch(() => {}); // who has given up waiting need not hear it
      reject(this.#end);
    }
  }
}
