/**
 * The watch over handlers: which are waited for, which broke, and, during a recording, what each saw and did.
 * @module
 */
import { withOrigins } from "../base/origin.ts";
import type { Log, OfSession } from "../log/event.ts";
import type { Event } from "./event.ts";
import { BROKEN, type Reply, type Route, type Target } from "./reply.ts";
import { isSamePlace } from "./route.ts";

/** Where a session keeps its {@linkcode Supervisor}. */
export const SUPERVISOR: unique symbol = Symbol("supervisor");
/** Where a session keeps the steps of the handlers that are asked with it, during a recording. */
export const STEPS: unique symbol = Symbol("steps");
/** Makes the view of a session for the handler of a step: what the handler asks becomes part of the step. */
export const SEEN_BY: unique symbol = Symbol("seen by");

/** The members of a session for the chain, which handlers do not see. */
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
  /** The handler's place in the chain; the outermost is 0. */
  readonly place: number;
  /** The session's depth: more than 0 inside a `trigger`. */
  readonly depth: number;
  /** The event that it was asked. */
  readonly event: Event;
  /** The events that it passed on, in order: the same event or changed ones. */
  readonly passed: Event[];
  /**
   * The steps of the handlers that it asked, in order: of the next one for each event that it passed on, and of the
   * outermost one, at another depth, for each event that it triggered.
   */
  readonly inner: Step[];
  /** Its answer; `undefined` until it has answered. */
  reply: Reply | undefined;
  /** The time that it took, including the handlers that it asked. */
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
  /** The handler that made the refusal. */
  readonly handler: string;
}

/** A thrown value with its stack trace, for the log. */
export const trace = (problem: unknown): string =>
  withOrigins(problem instanceof Error ? problem.stack ?? String(problem) : String(problem));

/** The reason why no mail can go to a target; `undefined` if it can. */
export type Judge = (target: Target) => string | undefined;

/** The owner of a body, by the error that reading it threw. */
const culprits = new WeakMap<Error, string>();

/** The handler that gave a route first; those further out pass it on. */
const deciders = new WeakMap<Route, string>();

/** Notes that a handler gave a route. */
export function noteDecider(route: Route, handler: string): void {
  if (!deciders.has(route)) deciders.set(route, handler);
}

/** The handler that has decided on a route. */
export const deciderOf = (route: Route): string | undefined => deciders.get(route);

/** Watches the handlers of one session. */
export class Supervisor {
  readonly #fields: () => OfSession;
  readonly #log: Log;
  readonly #judge: Judge;
  /** The routes that were checked last: handlers further out pass them on. */
  #good: readonly Route[] | undefined;
  /** Made when needed: most sessions never wait for a handler. */
  #pending: Set<Pending> | undefined;
  /**
   * The owners of the bodies that are being read, the innermost reader first: the last one waits for no other. Made
   * when needed.
   */
  #read: Set<{ readonly handler: string }> | undefined;
  /** The refusals of the current question, in their order. Made when needed. */
  #refusals: Refusal[] | undefined;
  /** Set during a recording: the steps that are part of no other. */
  recording: Step[] | undefined;

  constructor(fields: () => OfSession, log: Log, judge: Judge) {
    this.#fields = fields;
    this.#log = log;
    this.#judge = judge;
  }

  /** The reason why mail for the event's recipients cannot take these routes; `undefined` if it can. */
  faultIn(routes: readonly Route[] | undefined, event: Event): string | undefined {
    if (routes === undefined || routes === this.#good) return undefined;
    for (const { recipient, target } of routes) {
      // The target that the mail was accepted for says itself, as it delivers, what hinders it.
      if (event.type === "BeforeDelivery" && isSamePlace({ target }, event.route)) {
        continue;
      }
      const fault = this.#judge(target);
      if (fault === undefined) continue;
      const isOther = event.type === "AddRcptTo" && !event.mailbox.equals(recipient);
      const way = isOther ? `${event.mailbox} -> ${recipient}` : recipient;
      return `no mail for ${way} can go to the target ${target.target}: ${fault}`;
    }
    this.#good = routes;
    return undefined;
  }

  /** Waits for a handler's promise, until the returned function is called. */
  wait(pending: Pending): () => void {
    const waiting = this.#pending ??= new Set();
    waiting.add(pending);
    return () => waiting.delete(pending);
  }

  /**
   * The handler that hangs: the owner of the body that is waited for, or the innermost handler that is waited for.
   */
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

  /** Forgets the handlers that were waited for: their answers do not matter any more. */
  giveUp(): void {
    this.#pending = undefined;
    this.#read = undefined;
  }

  /** A body that a handler passes on: if it throws or hangs, the log names that handler, whoever reads it. */
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

  /** Starts the next question of the engine: the refusals of the last one do not matter any more. */
  begin(): void {
    this.#refusals = undefined;
  }

  /**
   * Notes a refusal. The handler made it, unless a handler further in gave the same refusal, or one with the same
   * codes, which the handler passed on or reworded.
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

  /** The handler that made the refusal which answers the current question; `core` for the server itself. */
  refuser(reply: Reply): string {
    return this.#refusals?.find((refusal) => refusal.reply === reply)?.handler ?? "core";
  }

  /** Logs that a handler broke: the refusal in the place of its answer is its own. */
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
