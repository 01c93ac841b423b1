/**
 * Orders of certificates, made in a thread of its own.
 * @module
 */
import { messageOf } from "../base/message_of.ts";
import type { Answer, Order, Said } from "./messages.ts";
import type { Challenges } from "./settings.ts";

/** What an order needs besides its words. */
export interface OrderContext {
  readonly challenges: Challenges;
  /** Keeps the key of a new account, in PEM, which agrees to these terms of service. */
  readonly keepAccount: (key: string, terms: string | undefined) => void;
}

/** A certificate, with those that lead to a root, and its key; both in PEM. */
export type Issued = Extract<Said, { readonly certificate: string }>;

/** An order that is being made. */
interface Current extends OrderContext {
  readonly issued: PromiseWithResolvers<Issued>;
}

/** The thread. It makes one order at a time, and waits for the next one. */
export class Orders implements Disposable {
  readonly #loaded = Promise.withResolvers<void>();
  readonly #worker: Worker;
  #current: Current | undefined;
  /** Why the thread has ended. */
  #end: Error | undefined;

  private constructor() {
    this.#worker = new Worker(new URL("./acme_worker.ts", import.meta.url), { type: "module" });
    this.#worker.onmessage = ({ data }: MessageEvent<Said>) => this.#hear(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      const cure = "start the server again";
      this.#end = new Error(`the thread of orders has ended: ${event.message}: ${cure}`);
      this.#loaded.reject(this.#end);
      this.#current?.issued.reject(this.#end);
    };
  }

  /** Starts the thread and returns when it has loaded what it needs: root may be the only reader of that. */
  static async start(): Promise<Orders> {
    const orders = new Orders();
    await orders.#loaded.promise;
    return orders;
  }

  /**
   * Orders a certificate.
   *
   * @throws {Error} that says what went wrong
   */
  async place(order: Order, context: OrderContext): Promise<Issued> {
    if (this.#end !== undefined) throw this.#end;
    const issued = Promise.withResolvers<Issued>();
    this.#current = { ...context, issued };
    this.#worker.postMessage(order);
    return await issued.promise;
  }

  /** Ends the thread, and the order that is being made. */
  [Symbol.dispose](): void {
    this.#worker.terminate();
    this.#current?.issued.reject(new Error("the server stops"));
  }

  async #hear(said: Said): Promise<void> {
    if ("loaded" in said) return this.#loaded.resolve();
    const { issued, ...context } = this.#current!;
    if ("certificate" in said) return issued.resolve(said);
    if ("failure" in said) return issued.reject(new Error(said.failure));
    this.#worker.postMessage(await answerTo(said, context));
  }
}

/** What the thread waits for an answer to. */
type Question = Extract<Said, { account: string } | { add: unknown } | { remove: unknown }>;

async function answerTo(said: Question, context: OrderContext): Promise<Answer> {
  try {
    if ("account" in said) context.keepAccount(said.account, said.terms);
    else if ("add" in said) await context.challenges.add(said.add);
    else await context.challenges.remove(said.remove);
    return {};
  } catch (error) {
    return { error: messageOf(error) };
  }
}
