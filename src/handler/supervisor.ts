/**
 * The watch over handlers: which are waited for, which broke, and, while somebody records, what each saw
 * and did.
 *
 * @module
 */
import { withOrigins } from "../base/origin.ts";
import type { Log, OfSession } from "../log/event.ts";
import type { Event } from "./event.ts";
import { BROKEN, type Reply, type Route, type Target } from "./reply.ts";

/** Where a session keeps its {@linkcode Supervisor}. */
export const SUPERVISOR: unique symbol = Symbol("supervisor");
/** Where a session keeps the steps of the handlers that are asked with it, while somebody records. */
export const STEPS: unique symbol = Symbol("steps");
/** Makes of a session what the handler of a step sees: what it asks becomes part of the step. */
export const SEEN_BY: unique symbol = Symbol("seen by");

/** What the chain has of each session, and handlers do not see. */
export interface Watched<S> {
  readonly [SUPERVISOR]: Supervisor;
  readonly [STEPS]: Step[] | undefined;
  [SEEN_BY](step: Step): S;
}

/** A session as the chain sees it. */
export const watched = <S>(session: S): Watched<S> => session as S & Watched<S>;

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

/** A handler that has been asked. */
export interface Pending {
  readonly handler: string;
  readonly place: number;
  readonly depth: number;
}

interface Refusal {
  readonly reply: Reply;
  readonly by: Pending;
  /** The handler that made it up. */
  readonly handler: string;
}

/** What was thrown, with its stack trace, for the log. */
export const trace = (problem: unknown): string =>
  withOrigins(problem instanceof Error ? problem.stack ?? String(problem) : String(problem));

/** Says why no mail can go to a target, `undefined` if it can. */
export type Judge = (target: Target) => string | undefined;

/** Whose body it was, by what its reading threw. */
const culprits = new WeakMap<Error, string>();

/** One a session. */
export class Supervisor {
  readonly #fields: () => OfSession;
  readonly #log: Log;
  readonly #judge: Judge;
  /** The routes that were found good last: the handlers further out pass them on. */
  #good: readonly Route[] | undefined;
  /** Made when first needed: most sessions never wait for a handler. */
  #pending: Set<Pending> | undefined;
  /** Whose bodies are being read, the innermost reader first: the last one waits for no other. Made when first needed. */
  #read: Set<{ readonly handler: string }> | undefined;
  /** The refusals of the current question, the first one first; made when first needed. */
  #refusals: Refusal[] | undefined;
  /** Set while somebody records: the steps that are part of no other. */
  recording: Step[] | undefined;

  constructor(fields: () => OfSession, log: Log, judge: Judge) {
    this.#fields = fields;
    this.#log = log;
    this.#judge = judge;
  }

  /** Why mail for the event's recipients cannot go where these routes lead, `undefined` if it can. */
  faultIn(routes: readonly Route[] | undefined, event: Event): string | undefined {
    if (routes === undefined || routes === this.#good) return undefined;
    for (const { recipient, target } of routes) {
      const fault = this.#judge(target);
      if (fault === undefined) continue;
      const isOther = event.type === "AddRcptTo" && !event.mailbox.equals(recipient);
      const way = isOther ? `${event.mailbox} -> ${recipient}` : recipient;
      return `no mail for ${way} can go to the target ${target.target}: ${fault}`;
    }
    this.#good = routes;
    return undefined;
  }

  /** A handler gave a promise: it is waited for until the returned function is called. */
  wait(pending: Pending): () => void {
    const waiting = this.#pending ??= new Set();
    waiting.add(pending);
    return () => waiting.delete(pending);
  }

  /** The handler that hangs: whose body is waited for, or the innermost that is waited for. */
  get hanging(): string | undefined {
    const body = [...this.#read ?? []].at(-1);
    if (body !== undefined) return body.handler;
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
    this.#read = undefined;
  }

  /** A body that a handler passes on: when it throws or hangs, the fault is that handler's, whoever reads it. */
  async *ownedBy(handler: string, body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
    const reading = { handler };
    const read = this.#read ??= new Set();
    try {
      read.add(reading);
      for await (const chunk of body) {
        read.delete(reading);
        if (!(chunk instanceof Uint8Array)) throw new TypeError("a body gives octets, Uint8Array");
        yield chunk;
        read.add(reading);
      }
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown : new Error(String(thrown));
      if (!culprits.has(error)) culprits.set(error, handler);
      throw error;
    } finally {
      read.delete(reading);
    }
  }

  /** The engine asks the next question: who refused the last one does not matter any more. */
  begin(): void {
    this.#refusals = undefined;
  }

  /**
   * A handler answered with a refusal. It made it up, unless a handler further in gave the same one, or one with the
   * same codes: then it passed it on, or said it in other words.
   */
  refused(reply: Reply, by: Pending): void {
    const refusals = this.#refusals ??= [];
    if (refusals.some((inner) => inner.reply === reply)) return;
    const inner = refusals.find(({ reply: { code, enhanced }, by: { place, depth } }) =>
      code === reply.code && enhanced === reply.enhanced &&
      (depth > by.depth || (depth === by.depth && place > by.place))
    );
    refusals.push({ reply, by, handler: inner?.handler ?? by.handler });
  }

  /** The handler that made up the refusal which answers the current question; `core` for the server itself. */
  refuser(reply: Reply): string {
    return this.#refusals?.find((refusal) => refusal.reply === reply)?.handler ?? "core";
  }

  /** Logs that a handler broke: the refusal that stands for its answer is its own. */
  broke(handler: string, event: Event, problem: unknown): void {
    const culprit = problem instanceof Error ? culprits.get(problem) : undefined;
    const by = { handler: culprit ?? handler, place: Infinity, depth: Infinity }; // whoever rewords it is further out
    (this.#refusals ??= []).unshift({ reply: BROKEN, by, handler: by.handler });
    this.#log("handler broke", {
      ...this.#fields(),
      handler: by.handler,
      event: event.type,
      error: trace(problem),
    });
  }
}
