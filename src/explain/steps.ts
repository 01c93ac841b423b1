/**
 * Steps as handlers made them, of what was kept of them: so they are printed like those of a simulation.
 * @module
 */
import type { Event, EventOf } from "../handler/event.ts";
import { recallChanges } from "../handler/header_changes.ts";
import { BROKEN, type Reply, type Route } from "../handler/reply.ts";
import type { Step } from "../handler/supervisor.ts";
import { Mailbox, pathOf } from "../smtp/mailbox.ts";
import { parametersOf, type PlainParameters } from "../smtp/parameters.ts";
import type { PlainAsked } from "./part.ts";
import type { PlainDeed, PlainEvent, PlainReply, PlainRoute, PlainStep } from "./plain.ts";

/** An event that was asked, its steps, and the answer. */
export interface Told {
  readonly event: Event;
  readonly steps: readonly Step[];
  /** `undefined` if nobody waited for it any more. */
  readonly reply: Reply | undefined;
}

/**
 * An event as it was asked.
 *
 * @param routes of the message, if it is one
 */
export function told(
  { event: plain, steps: kept, reply }: PlainAsked,
  routes: readonly Route[] = [],
): Told {
  const event = eventOf(plain, routes);
  const steps = kept.map((step) => stepOf(step, event, 0));
  if (reply === undefined) return { event, steps, reply: steps[0]?.reply };
  return { event, steps, reply: reply === null ? undefined : replyOf(reply) };
}

/** The content of messages is not kept. */
const NOTHING: AsyncIterable<Uint8Array> = { async *[Symbol.asyncIterator]() {} };

function eventOf(plain: PlainEvent, routes: readonly Route[] = []): Event {
  switch (plain.type) {
    case "SetMailFrom":
    case "AddRcptTo": {
      const { mailbox, parameters } = plain;
      return {
        ...plain,
        mailbox: pathOf(mailbox as string | null),
        parameters: parametersOf(parameters as PlainParameters | undefined),
      } as Event;
    }
    case "BeforeDelivery":
      return { ...plain, route: routeOf(plain.route as PlainRoute) } as Event;
    case "AfterDelivery": {
      const next = plain.next === undefined ? undefined : new Date(plain.next as number);
      return { ...plain, route: routeOf(plain.route as PlainRoute), next } as Event;
    }
    case "Deliver":
      return { type: "Deliver", body: NOTHING, routes, signal: AbortSignal.abort() };
    default:
      return plain as unknown as Event;
  }
}

/** What a handler passed on in place of an event. */
function changeOf(event: Event, plain: PlainEvent | 0): Event {
  if (plain === 0) return event;
  if (plain.type !== "Deliver" || event.type !== "Deliver") return eventOf(plain);
  const { body, header, routes, sender, ...more } = plain;
  const other = { ...NOTHING };
  recallChanges(other, (header ?? []) as readonly string[]);
  return {
    ...event,
    ...more,
    ...body === undefined ? {} : { body: other },
    ...routes === undefined ? {} : { routes: (routes as PlainRoute[]).map(routeOf) },
    ...sender === undefined ? {} : { sender: pathOf(sender as string | null) },
  } as EventOf<"Deliver">;
}

function routeOf(
  { recipient, target, args = {}, original, parameters, ...its }: PlainRoute,
): Route {
  return {
    ...its,
    recipient: Mailbox.parse(recipient),
    target: { target, args },
    parameters: parametersOf(parameters),
    ...original === undefined ? {} : { original: Mailbox.parse(original) },
  };
}

function replyOf({ routes, sender, ...plain }: PlainReply): Reply {
  const isBroken = plain.code === BROKEN.code && plain.enhanced === BROKEN.enhanced &&
    plain.lines.join() === BROKEN.lines.join();
  if (isBroken) return BROKEN;
  return {
    ...plain,
    ...routes === undefined ? {} : { routes: routes.map(routeOf) },
    ...sender === undefined ? {} : { sender: pathOf(sender) },
  } as Reply;
}

function stepOf(
  [handler, microseconds, within, deed = {}]: PlainStep,
  asked: Event | undefined,
  outer: number,
): Step {
  const { depth = outer, passed: changes = [0] } = deed;
  const event = deed.event === undefined ? asked! : eventOf(deed.event);
  const passed = changes.map((each) => changeOf(event, each));
  let next = 0;
  const inner = within.map((each) => {
    const isFurtherIn = each[3]?.depth === undefined;
    return stepOf(each, isFurtherIn ? passed[next++] : undefined, depth);
  });
  const place = 0;
  const milliseconds = microseconds / 1000;
  return {
    handler,
    place,
    depth,
    event,
    passed,
    inner,
    reply: answerOf(deed, inner),
    milliseconds,
  };
}

function answerOf({ reply, from = -1 }: PlainDeed, inner: readonly Step[]): Reply | undefined {
  if (reply !== undefined) return reply === null ? undefined : replyOf(reply);
  return inner.at(from)?.reply;
}
