/**
 * The watch over handlers: which are waited for, which broke, and, while somebody records, what each saw
 * and did.
 *
 * @module
 */
import { withOrigins } from "../base/origin.ts";
import type { Log } from "../log/event.ts";
import type { Event } from "./event.ts";
import type { Reply } from "./reply.ts";

/** Where a session keeps its {@linkcode Supervisor}. */
export const SUPERVISOR: unique symbol = Symbol("supervisor");
/** Where a session keeps the steps of the handlers that are asked with it, while somebody records. */
export const STEPS: unique symbol = Symbol("steps");
/** Makes of a session what the handler of a step sees: what it asks becomes part of the step. */
export const SEEN_BY: unique symbol = Symbol("seen by");

/** What one handler did with one event. */
export interface Step {
  /** The handler's name. */
  readonly handler: string;
  /** The handler's place in the chain, the outermost is 0. */
  readonly place: number;
  /** The session's depth: more than 0 inside a `trigger`. */
  readonly depth: number;
  /** What it was asked. */
  readonly event: Event;
  /** What it passed on, in order: the same event, a changed one, or nothing. */
  readonly passed: Event[];
  /**
   * What the handlers did whom it asked, in order: the next one for each event that it passed on, and the
   * outermost one, at another depth, for each that it triggered.
   */
  readonly inner: Step[];
  /** What it answered; `undefined` while it has not. */
  reply: Reply | undefined;
  /** How long it took, with those whom it asked. */
  milliseconds: number;
}

/** A handler that has been asked and has not answered yet. */
export interface Pending {
  readonly handler: string;
  readonly place: number;
  readonly depth: number;
}

/** What was thrown, with its stack trace, for the log. */
export const trace = (problem: unknown): string =>
  withOrigins(problem instanceof Error ? problem.stack ?? String(problem) : String(problem));

/** One a session. */
export class Supervisor {
  readonly #session: string;
  readonly #log: Log;
  /** Made when first needed: most sessions never wait for a handler. */
  #pending: Set<Pending> | undefined;
  /** Who refused the current question; made when first needed. */
  #refusers: Map<Reply, string> | undefined;
  /** Set while somebody records: the steps that are part of no other. */
  recording: Step[] | undefined;

  constructor(session: string, log: Log) {
    this.#session = session;
    this.#log = log;
  }

  /** A handler gave a promise: it is waited for until the returned function is called. */
  wait(pending: Pending): () => void {
    const waiting = this.#pending ??= new Set();
    waiting.add(pending);
    return () => waiting.delete(pending);
  }

  /** The innermost handler that is waited for; it is the one that hangs. */
  get hanging(): string | undefined {
    let innermost: Pending | undefined;
    for (const p of this.#pending ?? []) {
      if (
        innermost === undefined || p.depth > innermost.depth ||
        (p.depth === innermost.depth && p.place > innermost.place)
      ) innermost = p;
    }
    return innermost?.handler;
  }

  /** Forgets the handlers that were waited for: nobody wants their answers any more. */
  giveUp(): void {
    this.#pending = undefined;
  }

  /** Another question begins: who refused the last one does not matter any more. */
  begin(): void {
    this.#refusers = undefined;
  }

  /** A handler answered with a refusal; the first one to do so is the innermost. */
  refused(reply: Reply, handler: string): void {
    const refusers = this.#refusers ??= new Map();
    if (!refusers.has(reply)) refusers.set(reply, handler);
  }

  /** The handler that made this refusal. */
  refuser(reply: Reply): string | undefined {
    return this.#refusers?.get(reply);
  }

  /** Logs that a handler broke. */
  broke(handler: string, event: Event, problem: unknown): void {
    this.#log("handler broke", {
      session: this.#session,
      handler,
      event: event.type,
      error: trace(problem),
    });
  }
}
