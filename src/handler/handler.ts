/**
 * Handlers and how they are put together: a handler wraps the handlers inside it. It may answer an
 * event itself, pass it inward, pass on a changed one, and look at or change what came back.
 * @module
 */
import { MessageAborted } from "./aborted.ts";
import { oneOf, suggest } from "../base/nearest.ts";
import {
  type Event,
  EVENT_NAMES,
  type EventName,
  type EventOf,
  frozenEvent,
  OF_QUEUE,
} from "./event.ts";
import { Mailbox } from "../smtp/mailbox.ts";
import { type AnswerTo, misfit } from "./fitting.ts";
import { watchHeader } from "./header_changes.ts";
import { BROKEN, isPositive, isReason, type Reply, say, seal, type Target } from "./reply.ts";
import { routeTo } from "./route.ts";
import type { Session } from "./session.ts";
import {
  noteDecider,
  SEEN_BY,
  type Step,
  STEPS,
  SUPERVISOR,
  type Supervisor,
  watched,
} from "./supervisor.ts";

/** A value, or a promise of it. A value costs no promise. */
export type MaybePromise<T> = T | Promise<T>;

/** Asks the handlers further in: about the same event, unless it is given another. */
export type Next<K extends EventName = EventName> = (event?: EventOf<K>) => MaybePromise<Reply>;

/**
 * Answers every event; most events it passes on. A plain function is asked about what clients do. About mail in the
 * queue only handlers are asked that {@linkcode on} or {@linkcode onEvery} has made.
 */
export type Handler = (event: Event, next: Next, session: Session) => MaybePromise<Reply>;

/** A handler in a chain, with its name for logs and traces. */
interface Link {
  readonly name: string;
  readonly handler: Handler;
  /** The events that it handles; it passes on all others. Without it, it may handle every event. */
  readonly types?: ReadonlySet<EventName> | undefined;
  /** Without `types`: it is asked about mail in the queue, too. */
  readonly everything?: boolean;
}

const handles = ({ types, everything = false }: Link, type: EventName): boolean =>
  types === undefined ? everything || !OF_QUEUE.has(type) : types.has(type);

/** The links of the handlers that {@linkcode chain} and {@linkcode named} made. */
const linksOf = new WeakMap<Handler, readonly Link[]>();

function links(handler: Handler): readonly Link[] {
  if (typeof handler !== "function") {
    throw new TypeError(`a handler is a function, not ${String(handler)}`);
  }
  return linksOf.get(handler) ?? [{ name: handler.name || "handler", handler }];
}

/**
 * A handler for these events; it passes all others on. Throws a TypeError for an unknown event.
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
    // The test above makes the casts safe.
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

/**
 * A handler for every event, also those about mail in the queue, `BeforeDelivery` and `AfterDelivery`. A plain function
 * is not asked these two, so that a refusal that is meant for clients does not refuse mail that was accepted.
 *
 * ```ts
 * import { onEvery } from "postmaster";
 *
 * export default onEvery((event, next, session) => {
 *   session.log(event.type);
 *   return next();
 * });
 * ```
 */
export function onEvery(answer: Handler): Handler {
  const handler: Handler = (event, next, session) => answer(event, next, session);
  linksOf.set(handler, [{ name: answer.name || "onEvery", handler, everything: true }]);
  return handler;
}

/** A misspelled event would make a handler that never refuses; types are not always checked. */
function refuseUnknown(type: string): void {
  if (EVENT_NAMES.includes(type)) return;
  const hint = suggest(type, EVENT_NAMES, oneOf(EVENT_NAMES));
  throw new TypeError(`there is no event \`${type}\`: ${hint}`);
}

/** The reply that sends the mail of the event's recipient to a target, or to several. */
function toReply(event: Event, answer: Reply | Target | readonly Target[]): Reply {
  const { type } = event;
  const isDestined = type === "AddRcptTo" || type === "BeforeDelivery";
  if (!isDestined || typeof answer !== "object" || "code" in answer) {
    return answer as Reply; // the chain checks it
  }
  const targets = Array.isArray(answer) ? answer : [answer];
  if (targets.length === 0) {
    throw new TypeError("accepted a recipient with an empty list of targets");
  }
  const route = (target: Target) =>
    type === "AddRcptTo" ? routeTo(event, target) : { ...event.route, target };
  return { ...RECIPIENT_OK, routes: targets.map(route) };
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
 * One handler of several, the outermost first. If a handler breaks (it throws, its promise rejects, or its answer is
 * no reply), the log names it, and the handlers outside it get a 451 reply.
 */
export function chain(...handlers: readonly Handler[]): Handler {
  const list = handlers.flatMap(links);
  const run = (from: number, event: Event, last: Next, session: Session): MaybePromise<Reply> => {
    let place = from;
    let link = list[place];
    while (link !== undefined && !handles(link, event.type)) link = list[++place];
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

/** Whether more than one handler of a chain is asked about an event: the innermost, the core, is asked about all. */
export const asksOthers = (whole: Handler, event: EventName): boolean =>
  links(whole).filter((link) => handles(link, event)).length > 1;

/** The events that a handler handles; `undefined` if it may handle every event. */
export function eventsOf(handler: Handler): ReadonlySet<EventName> | undefined {
  const all = new Set<EventName>();
  for (const { types } of links(handler)) {
    if (types === undefined) return undefined;
    types.forEach((type) => all.add(type));
  }
  return all;
}

/**
 * Whether a handler, or one of a chain, is made for this event by {@linkcode on}. One that may handle every event does
 * not count: most pass most events on.
 */
export const isMadeFor = (handler: Handler, event: EventName): boolean =>
  links(handler).some(({ types }) => types?.has(event));

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
    return Promise.resolve(answer).then( // another awaitable may have a `then` that returns nothing
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

/** Asks the handlers further in, which see this view of the session. */
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

/** The answer of a handler as a checked reply, or the reply for a broken handler. */
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
    for (const route of reply.routes ?? []) noteDecider(route, link.name);
    return reply;
  } catch (error) { // the answer has getters that throw, or is no plain data
    return broken(link, event, error, supervisor);
  }
}

/**
 * The event that a handler passes on: the same, or another one, copied. Throws, into the handler, for routes to which
 * no mail can go, and for a hold without a reason.
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
  if (changed.hold !== undefined && !isReason(changed.hold)) {
    throw new TypeError("a hold needs a reason of one line");
  }
  const { sender } = changed;
  if (sender !== undefined && sender !== null && !(sender instanceof Mailbox)) {
    throw new TypeError("a sender is a mailbox, or null");
  }
  if (changed.body === event.body) return frozenEvent(changed);
  const body = supervisor.ownedBy(link.name, changed.body);
  const isWatched = supervisor.recording !== undefined;
  return frozenEvent({ ...changed, body: isWatched ? watchHeader(body) : body });
}

function broken(link: Link, event: Event, problem: unknown, supervisor: Supervisor): Reply {
  if (!(problem instanceof MessageAborted)) supervisor.broke(link.name, event, problem);
  return BROKEN;
}

/** True for a promise or another awaitable. */
export function isPromise<T>(value: MaybePromise<T>): value is Promise<T> {
  return typeof (value as Promise<T> | null)?.then === "function";
}
