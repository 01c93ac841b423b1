/**
 * Handlers and how they are put together: a handler wraps the handlers inside it. It may answer an
 * event itself, pass it inward, pass on a changed one, and look at or change what came back.
 *
 * @module
 */
import { MessageAborted } from "./aborted.ts";
import { oneOf, suggest } from "../base/nearest.ts";
import { type Event, EVENT_NAMES, type EventName, type EventOf, frozenEvent } from "./event.ts";
import { type AnswerTo, misfit } from "./fitting.ts";
import { BROKEN, isPositive, type Reply, say, seal, type Target } from "./reply.ts";
import { routeTo } from "./route.ts";
import type { Session } from "./session.ts";
import { SEEN_BY, type Step, STEPS, SUPERVISOR, type Supervisor, watched } from "./supervisor.ts";

/** A value, or a promise of it. Answering at once costs nothing. */
export type MaybePromise<T> = T | Promise<T>;

/** Asks the handlers further in; without an argument it passes the same event on. */
export type Next<K extends EventName = EventName> = (event?: EventOf<K>) => MaybePromise<Reply>;

/** Answers every event, most by passing it on. */
export type Handler = (event: Event, next: Next, session: Session) => MaybePromise<Reply>;

/** A handler in a chain, under the name by which logs and traces call it. */
interface Link {
  readonly name: string;
  readonly handler: Handler;
  /** The only events that it does not just pass on; without it all may matter to it. */
  readonly types?: ReadonlySet<EventName> | undefined;
}

/** What the handlers made by {@linkcode chain} and {@linkcode named} consist of. */
const linksOf = new WeakMap<Handler, readonly Link[]>();

function links(handler: Handler): readonly Link[] {
  if (typeof handler !== "function") {
    throw new TypeError(`a handler is a function, not ${String(handler)}`);
  }
  return linksOf.get(handler) ?? [{ name: handler.name || "handler", handler }];
}

/**
 * A handler for the events named; it passes all others on. Throws a TypeError if there is no such event.
 *
 * ```ts
 * import { on, say } from "postmaster";
 *
 * export default on("AddRcptTo", (event, next) =>
 *   event.mailbox.local === "nobody" ? say(5, 5, 0, "nobody lives here", "5.1.1") : next());
 * ```
 */
export function on<const K extends EventName>(
  type: K | readonly K[],
  answer: (event: EventOf<K>, next: Next<K>, session: Session) => MaybePromise<AnswerTo<K>>,
): Handler {
  const types = new Set<EventName>(typeof type === "string" ? [type] : type);
  types.forEach(refuseUnknown);
  if (typeof answer !== "function") throw new TypeError("`on` needs a function that answers");
  const handler: Handler = (event, next, session) => {
    if (!types.has(event.type)) return next();
    // The test above makes the casts sound.
    const answered = answer(event as EventOf<K>, next as unknown as Next<K>, session);
    return isPromise(answered)
      ? Promise.resolve(answered).then((value) => toReply(event, value))
      : toReply(event, answered);
  };
  linksOf.set(handler, [{
    name: answer.name || `on(${[...types].join(", ")})`,
    handler,
    types,
  }]);
  return handler;
}

/** A handler for an event that never comes would refuse nobody; types are not always checked. */
function refuseUnknown(type: string): void {
  if (EVENT_NAMES.includes(type)) return;
  const hint = suggest(type, EVENT_NAMES, oneOf(EVENT_NAMES));
  throw new TypeError(`there is no event \`${type}\`: ${hint}`);
}

/** A target, or several, as the reply that accepts the event's recipient. */
function toReply(event: Event, answer: Reply | Target | readonly Target[]): Reply {
  if (event.type !== "AddRcptTo" || typeof answer !== "object" || "code" in answer) {
    return answer as Reply; // if it is none, the chain finds out
  }
  const targets = Array.isArray(answer) ? answer : [answer];
  if (targets.length === 0) {
    throw new TypeError("accepted a recipient with an empty list of targets");
  }
  return { ...RECIPIENT_OK, routes: targets.map((target) => routeTo(event, target)) };
}

const RECIPIENT_OK = say(2, 5, 0, "recipient ok", "2.1.5");

/** Gives a handler, or all those of a chain, a name for logs and traces. */
export function named(name: string, handler: Handler): Handler {
  const inner = links(handler);
  const whole: Handler = (event, next, session) => handler(event, next, session);
  linksOf.set(
    whole,
    inner.map((link) => ({ ...link, name: inner.length === 1 ? name : `${name} > ${link.name}` })),
  );
  return whole;
}

/**
 * One handler of several, the outermost first. Whatever one of them does wrong (it throws, its promise
 * is rejected, its answer is no reply) is logged with its name and becomes a 451 reply for those outside it.
 */
export function chain(...handlers: readonly Handler[]): Handler {
  const list = handlers.flatMap(links);
  const run = (from: number, event: Event, last: Next, session: Session): MaybePromise<Reply> => {
    let place = from;
    while (list[place]?.types?.has(event.type) === false) place++;
    const link = list[place];
    if (link === undefined) return last(event);
    const supervisor = watched(session)[SUPERVISOR];
    if (supervisor.recording === undefined) {
      const next: Next = (inner) =>
        run(place + 1, passed(inner, link, event, supervisor), last, session);
      return ask(link, place, event, next, session, supervisor);
    }
    const further: Further = (inner, view) => run(place + 1, inner, last, view);
    return record(link, place, event, further, session);
  };
  const whole: Handler = (event, next, session) => run(0, frozenEvent(event), next, session);
  linksOf.set(whole, list);
  return whole;
}

/** The names of the handlers of a chain, the outermost first. */
export const handlerNames = (handler: Handler): string[] => links(handler).map(({ name }) => name);

/** The only events that a handler does not just pass on; `undefined` if all may matter to it. */
export function eventsOf(handler: Handler): ReadonlySet<EventName> | undefined {
  const all = new Set<EventName>();
  for (const { types } of links(handler)) {
    if (types === undefined) return undefined;
    types.forEach((type) => all.add(type));
  }
  return all;
}

function ask(
  link: Link,
  place: number,
  event: Event,
  next: Next,
  session: Session,
  supervisor: Supervisor,
): MaybePromise<Reply> {
  try {
    const answer = link.handler(event, next, session);
    if (!isPromise(answer)) return sound(answer, link, place, event, session);
    const done = supervisor.wait({ handler: link.name, place, depth: session.depth });
    return Promise.resolve(answer).then( // whatever else can be awaited may have a `then` that gives nothing
      (reply) => {
        done();
        return sound(reply, link, place, event, session);
      },
      (error) => {
        done();
        return broken(link, event, error, supervisor);
      },
    );
  } catch (error) {
    return broken(link, event, error, supervisor);
  }
}

/** Asks the handlers further in, who then see the session as this view of it. */
type Further = (event: Event, view: Session) => MaybePromise<Reply>;

function record(
  link: Link,
  place: number,
  event: Event,
  further: Further,
  session: Session,
): MaybePromise<Reply> {
  const { name: handler } = link;
  const { depth } = session;
  const shape = { handler, place, depth, event, passed: [], inner: [] };
  const step: Step = { ...shape, reply: undefined, milliseconds: 0 };
  watched(session)[STEPS]?.push(step);
  const view = watched(session)[SEEN_BY](step);
  const start = performance.now();
  const next: Next = (changed) => {
    const inner = passed(changed, link, event, watched(session)[SUPERVISOR]);
    step.passed.push(inner);
    return further(inner, view);
  };
  const finish = (reply: Reply) => {
    step.reply = reply;
    step.milliseconds = performance.now() - start;
    return reply;
  };
  const reply = ask(link, place, event, next, view, watched(session)[SUPERVISOR]);
  return isPromise(reply) ? reply.then(finish) : finish(reply);
}

/** What a handler answered, as a value; or the reply that stands for an answer that is none. */
function sound(
  answer: unknown,
  link: Link,
  place: number,
  event: Event,
  session: Session,
): Reply {
  const supervisor = watched(session)[SUPERVISOR];
  try {
    const reply = seal(answer);
    if (typeof reply === "string") return broken(link, event, reply, supervisor);
    const fault = misfit(event, reply) ?? supervisor.faultIn(reply.routes, event);
    if (fault !== undefined) return broken(link, event, fault, supervisor);
    if (!isPositive(reply)) {
      supervisor.refused(reply, { handler: link.name, place, depth: session.depth });
    }
    return reply;
  } catch (error) { // the answer has getters that throw, or holds what is no data
    return broken(link, event, error, supervisor);
  }
}

/**
 * What a handler passes on: the same event, or another one as a value. Throws, into the handler, for a message that
 * would go where no mail can.
 */
function passed(
  changed: Event | undefined,
  link: Link,
  event: Event,
  supervisor: Supervisor,
): Event {
  if (changed === undefined || changed === event) return event;
  if (changed.type !== "Deliver" || event.type !== "Deliver") return frozenEvent(changed);
  const fault = supervisor.faultIn(changed.routes, event);
  if (fault !== undefined) throw new TypeError(fault);
  return frozenEvent(
    changed.body === event.body
      ? changed
      : { ...changed, body: supervisor.ownedBy(link.name, changed.body) },
  );
}

function broken(link: Link, event: Event, problem: unknown, supervisor: Supervisor): Reply {
  if (!(problem instanceof MessageAborted)) supervisor.broke(link.name, event, problem);
  return BROKEN;
}

/** True for a promise, and for anything else that can be awaited. */
export function isPromise<T>(value: MaybePromise<T>): value is Promise<T> {
  return typeof (value as Promise<T> | null)?.then === "function";
}
