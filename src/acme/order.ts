/**
 * One order of a certificate, made in a thread of its own.
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
  /** Ends the order. */
  readonly signal: AbortSignal;
}

/** A certificate, with those that lead to a root, and its key; both in PEM. */
export type Issued = Extract<Said, { readonly certificate: string }>;

/**
 * Orders a certificate.
 *
 * @throws {Error} that says what went wrong
 */
export async function place(order: Order, context: OrderContext): Promise<Issued> {
  const worker = new Worker(new URL("./acme_worker.ts", import.meta.url), { type: "module" });
  const issued = Promise.withResolvers<Issued>();
  worker.onmessage = async ({ data }: MessageEvent<Said>) => {
    if ("certificate" in data) return issued.resolve(data);
    if ("failure" in data) return issued.reject(new Error(data.failure));
    worker.postMessage(await answerTo(data, context));
  };
  worker.onerror = (event) => {
    event.preventDefault();
    issued.reject(new Error(event.message));
  };
  const stop = () => issued.reject(new Error("the server stops"));
  context.signal.addEventListener("abort", stop);
  try {
    worker.postMessage(order);
    return await issued.promise;
  } finally {
    context.signal.removeEventListener("abort", stop);
    worker.terminate();
  }
}

async function answerTo(
  said: Exclude<Said, Issued | { readonly failure: string }>,
  { challenges, keepAccount }: OrderContext,
): Promise<Answer> {
  try {
    if ("account" in said) keepAccount(said.account, said.terms);
    else if ("add" in said) await challenges.add(said.add);
    else await challenges.remove(said.remove);
    return {};
  } catch (error) {
    return { error: messageOf(error) };
  }
}
