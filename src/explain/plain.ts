/**
 * Events, replies and steps as plain data: what may be kept of them. Secrets and the body of a message are no part of it.
 * @module
 */
import type { Event, EventOf } from "../handler/event.ts";
import { headerChanges } from "../handler/header_changes.ts";
import type { Reply, Route } from "../handler/reply.ts";
import type { Step } from "../handler/supervisor.ts";
import { redact, redactCommand } from "../log/redact.ts";
import type { Mailbox } from "../smtp/mailbox.ts";
import { type Parameters, type PlainParameters, plainParameters } from "../smtp/parameters.ts";

/** An event: its name, and what it carries. */
export interface PlainEvent {
  readonly type: Event["type"];
  readonly [carried: string]: unknown;
}

/** A route. What it has of its recipient is kept only of mail in the queue. */
export interface PlainRoute {
  readonly recipient: string;
  readonly target: string;
  readonly args?: Readonly<Record<string, unknown>>;
  readonly user?: string;
  readonly extension?: string;
  readonly copy?: boolean;
  readonly original?: string;
  readonly parameters?: PlainParameters;
}

/** A reply. */
export interface PlainReply {
  readonly code: number;
  readonly enhanced?: string;
  readonly lines: readonly string[];
  readonly routes?: readonly PlainRoute[];
  readonly hold?: string;
  readonly user?: string;
  /** The sender, `null` for the null path. */
  readonly sender?: string | null;
}

/** What a handler did that did not just pass on an event and its answer. */
export interface PlainDeed {
  /** The session's depth, if it differs from that of the step around it. */
  readonly depth?: number;
  /** The event, if it is not the one that the handler around it has passed on. */
  readonly event?: PlainEvent;
  /** What it passed on, if not once the event itself; 0 is the event itself. */
  readonly passed?: readonly (PlainEvent | 0)[];
  /** Its own answer, `null` if it has not answered; or the step in it that has made its answer, if not the last. */
  readonly reply?: PlainReply | null;
  readonly from?: number;
}

/** A step: the handler, its time in microseconds, the steps in it. */
export type PlainStep = readonly [
  handler: string,
  microseconds: number,
  inner: readonly PlainStep[],
  deed?: PlainDeed,
];

/** Whole microseconds: enough, and short as text. */
export const microseconds = (milliseconds: number): number => Math.round(milliseconds * 1000);

const address = (mailbox: Mailbox | null): string | null => mailbox && String(mailbox);

/** Parameters as they may be kept, if there are any. */
export const withParameters = (parameters: Parameters): { parameters?: PlainParameters } =>
  parameters.size === 0 ? {} : { parameters: plainParameters(parameters) };

/** An event, without secrets: what a log may show. */
export function plainEvent(event: Event): PlainEvent {
  const { type } = event;
  switch (event.type) {
    case "SetMailFrom":
      return { type, mailbox: address(event.mailbox), ...withParameters(event.parameters) };
    case "AddRcptTo": {
      const { mailbox, parameters, exact, suffix } = event;
      return {
        ...{ type, mailbox: String(mailbox), ...withParameters(parameters) },
        ...exact ? { exact } : {},
        ...suffix === undefined ? {} : { suffix },
      };
    }
    case "Authenticate":
      return { type, mechanism: event.mechanism, user: event.user };
    case "Unrecognized":
      return { type, line: redactCommand(event.line) };
    case "OtherProtocol":
      return { type, protocol: event.protocol, line: redact(event.line) };
    case "Deliver":
      return { type };
    case "BeforeDelivery":
      return { ...event, route: wholeRoute(event.route) };
    case "AfterDelivery": {
      const { route, next, ...more } = event;
      return { ...more, route: wholeRoute(route), next: next?.getTime() };
    }
    default:
      return { ...event };
  }
}

/** A route as it may be kept, without what it has of its recipient. */
export function plainRoute({ recipient, target: { target, args } }: Route): PlainRoute {
  const more = Object.keys(args).length === 0 ? {} : { args };
  return { recipient: String(recipient), target, ...more };
}

function wholeRoute(route: Route): PlainRoute {
  const { recipient: _, target: __, original, parameters, ...its } = route;
  return {
    ...plainRoute(route),
    ...its,
    ...original && { original: String(original) },
    ...parameters && withParameters(parameters),
  };
}

/** A reply as it may be kept. */
export function plainReply(reply: Reply): PlainReply {
  const { code, enhanced, lines, routes, hold, user, sender } = reply;
  const plain: Writable<PlainReply> = { code, lines };
  if (enhanced !== undefined) plain.enhanced = enhanced;
  if (routes !== undefined) plain.routes = routes.map(plainRoute);
  if (hold !== undefined) plain.hold = hold;
  if (user !== undefined) plain.user = user;
  if (sender !== undefined) plain.sender = address(sender);
  return plain;
}

/** What a handler passes on in place of an event. */
function plainChange(event: Event, changed: Event): PlainEvent | 0 {
  if (changed === event) return 0;
  return changed.type === "Deliver" && event.type === "Deliver"
    ? plainRevision(event, changed)
    : plainEvent(changed);
}

/** What a handler has changed of a message. */
function plainRevision(event: EventOf<"Deliver">, changed: EventOf<"Deliver">): PlainEvent {
  const { type, body, routes, hold, deliver, sender } = changed;
  const header = headerChanges(event.body, body);
  return {
    type,
    ...body === event.body ? {} : { body: "changed" },
    ...header.length === 0 ? {} : { header },
    ...routes === event.routes ? {} : { routes: routes.map(plainRoute) },
    ...hold === event.hold ? {} : { hold },
    ...deliver === event.deliver ? {} : { deliver },
    ...sender === event.sender ? {} : { sender: sender && String(sender) },
  };
}

/**
 * A {@linkcode PlainStep} as JSON. It is made for each event of each session, so it makes no more objects than it needs.
 *
 * @param asked the event that the handler around it has passed on
 */
export function stepAsJson(step: Step, asked: Event | undefined, outer = 0): string {
  const { handler, passed, inner, depth, milliseconds } = step;
  let within = "";
  let next = 0;
  for (const each of inner) {
    const text = stepAsJson(each, each.depth === depth ? passed[next++] : undefined, depth);
    within = within === "" ? text : `${within},${text}`;
  }
  const deed = deedOf(step, asked, outer);
  const end = deed === undefined ? "]" : `,${JSON.stringify(deed)}]`;
  return `[${quoted(handler)},${microseconds(milliseconds)},[${within}]${end}`;
}

/** The names of handlers in quotes: there are not many. */
const names = new Map<string, string>();

function quoted(handler: string): string {
  let name = names.get(handler);
  if (name === undefined) names.set(handler, name = JSON.stringify(handler));
  return name;
}

function deedOf(step: Step, asked: Event | undefined, outer: number): PlainDeed | undefined {
  const { depth, event, passed, inner, reply } = step;
  const isPassedOn = passed.length === 1 && passed[0] === event;
  const isAnswered = reply !== undefined && inner.at(-1)?.reply === reply;
  if (isPassedOn && isAnswered && event === asked && depth === outer) return undefined;
  const deed: Writable<PlainDeed> = {};
  if (depth !== outer) deed.depth = depth;
  if (event !== asked) deed.event = plainEvent(event);
  if (!isPassedOn) deed.passed = passed.map((each) => plainChange(event, each));
  if (isAnswered) return deed;
  const from = reply === undefined ? -1 : inner.findLastIndex((each) => each.reply === reply);
  if (from >= 0) deed.from = from;
  else deed.reply = reply === undefined ? null : plainReply(reply);
  return deed;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };
