/**
 * Replies, the answers of handlers: {@linkcode say} makes them, predicates classify them.
 * @module
 */
import {
  type Category,
  type Digit,
  type Enhanced,
  faultInReply,
  type Severity,
  type WireReply,
} from "../smtp/reply.ts";
import { frozenData, mark } from "../base/frozen.ts";
import { Mailbox } from "../smtp/mailbox.ts";
import type { Parameters } from "../smtp/parameters.ts";

/** A recipient of mail, with its user. */
export interface Addressee {
  /** The mailbox that is delivered to: the client's recipient, or the mailbox that an alias led to. */
  readonly recipient: Mailbox;
  /** The user, for `{user}`; by default the recipient's local part. */
  readonly user?: string;
  /** The extension that was cut off to find the user, for `{extension}`; by default none. */
  readonly extension?: string;
  /**
   * The recipient as the client named it, which notices to the sender name. The server sets it for each recipient
   * that it accepts, also behind aliases; a route that a handler adds to the message has none.
   */
  readonly original?: Mailbox;
}

/** Where the mail of one recipient goes. */
export interface Route extends Addressee {
  /** The target. */
  readonly target: Target;
  /** The parameters of the RCPT that named it, such as those of RFC 3461. */
  readonly parameters?: Parameters;
  /** The handler that has decided on this route, for the queue's records. The server sets it, too. */
  readonly decidedBy?: string;
  /**
   * A copy, of which the sender knows nothing: it is made after the delivery, and its outcome does not change the
   * reply.
   */
  readonly copy?: boolean;
}

/**
 * A place where mail can be delivered: the name of a registered target and its arguments. Plain data, because a
 * message that waits must find its target again after a restart.
 */
export interface Target {
  /** The name of the target. */
  readonly target: string;
  /** The arguments, which must be JSON. */
  readonly args: Readonly<Record<string, unknown>>;
}

/** The answer to an event: a value that cannot be changed. */
export interface Reply extends WireReply {
  /** The routes of an accepted recipient. Only a positive reply to `AddRcptTo` has any. */
  readonly routes?: readonly Route[];
  /** The sender of the transaction. Only a positive reply to `SetMailFrom` has it; by default the client's. */
  readonly sender?: Mailbox | null;
  /** The authenticated user. Only a positive reply to `Authenticate` has it. */
  readonly user?: string;
  /** Why mail in the queue is put on hold. Only a reply to `BeforeDelivery` has it: {@linkcode hold} makes one. */
  readonly hold?: string;
  /**
   * What a client of LMTP is told (RFC 2033 section 4.2): one reply for each recipient of the transaction, in their
   * order. Only the server's own reply to `Deliver` has them. The reply of a handler is for all recipients.
   */
  readonly each?: readonly WireReply[];
}

/** A mark of positive replies, for the compiler only. */
declare const POSITIVE: unique symbol;

/** A 2xx or 3xx reply of {@linkcode say}. It accepts no recipient: that takes {@linkcode Reply.routes}. */
export interface PositiveReply extends WireReply {
  /** @ignore For the compiler only. */
  readonly [POSITIVE]: true;
}

/** A reply to `AddRcptTo`: any but a {@linkcode PositiveReply}. The text is for the compiler's message. */
export interface RecipientReply extends Reply {
  /** @ignore For the compiler only. */
  readonly [POSITIVE]?:
    'to accept a recipient, answer where its mail goes: a target, such as procmail("joe")';
}

/** A reply to `Authenticate`: any but a {@linkcode PositiveReply}. The text is for the compiler's message. */
export interface AuthenticationReply extends Reply {
  /** @ignore For the compiler only. */
  readonly [POSITIVE]?: 'to accept a user, answer who it is: authenticated("joe")';
}

/** Marks of values that were checked and cannot change. */
const REPLY = mark(), ROUTE = mark(), TARGET = mark();

/**
 * Makes a reply: `say(5, 5, 3, "unknown recipient")`. The digits are the reply code. The default of the enhanced
 * status code (RFC 3463) is the usual one for the code.
 *
 * @param text one line or several, printable ASCII, 490 characters a line at most
 * @throws {TypeError} for text that cannot stand in a reply, such as CR or LF
 */
export function say<S extends Severity>(
  severity: S,
  category: Category,
  detail: Digit,
  text: string | readonly string[],
  enhanced?: Enhanced<NoInfer<S>>, // NoInfer, or TypeScript widens S and the check vanishes
): S extends 2 | 3 ? PositiveReply : Reply {
  return sealed({
    code: severity * 100 + category * 10 + detail,
    lines: typeof text === "string" ? [text] : text,
    enhanced,
  }) as Reply & PositiveReply;
}

/** The positive reply to `Authenticate` (RFC 4954 section 6): the client is this user. */
export const authenticated = (user: string): Reply => ({
  ...say(2, 3, 5, "authentication succeeded", "2.7.0") as Reply,
  user,
});

/**
 * The reply to `BeforeDelivery` that puts the mail on hold: nobody tries it until an operator releases it.
 *
 * @param reason one line, which the operator reads
 * @throws {TypeError} for a reason that is empty or has control characters
 */
export function hold(reason: string): Reply {
  return sealed({ ...HELD, hold: reason });
}

/** Whether a hold can have this reason: one line for people. */
export const isReason = (reason: unknown): boolean =>
  typeof reason === "string" && /^\P{Cc}+$/u.test(reason);

const HELD = say(4, 5, 0, "on hold", "4.7.0");

/** 2xx and 3xx: done, or go on. */
export const isPositive = (reply: Reply): boolean => reply.code < 400;
/** Positive, or so for one of the recipients to whom it is a reply each. */
export const isAcceptance = (reply: Reply): boolean => (reply.each ?? [reply]).some(isPositive);
/** 4xx: not now. */
export const isTransient = (reply: Reply): boolean => reply.code >= 400 && reply.code < 500;
/** 5xx: never. */
export const isPermanent = (reply: Reply): boolean => reply.code >= 500;

/** The reply to `BeforeDelivery` that lets the mail take its route. */
export const goOn = (route: Route): Reply => ({ ...GO_ON, routes: [route] });

const GO_ON = say(2, 5, 0, "go on", "2.0.0");

/** The reply in place of a broken handler's (RFC 5321 section 4.2.2): never acceptance. */
export const BROKEN: Reply = say(4, 5, 1, "local error in processing", "4.3.0");

/** The reply to a recipient in a domain that nobody here serves. */
export const relayingDenied: Reply = say(5, 5, 0, "relaying denied", "5.7.1");

/** True for {@linkcode relayingDenied} only: other refusals are about more than where mail goes. */
export const isRelayingDenied = ({ code, enhanced, lines }: Reply): boolean =>
  code === relayingDenied.code && enhanced === relayingDenied.enhanced &&
  lines.join("\n") === relayingDenied.lines.join("\n");

/** Refusals that only say that nobody has the address; one is a code without a status. */
const UNKNOWN: ReadonlySet<string> = new Set(["5.1.1", "5.1.6", "550", "551", "553"]);

/**
 * True for a refusal that only says that nobody has this address (`5.1.1`, `5.1.6`; without an enhanced status code
 * 550, 551 and 553). Another address, such as a catch-all, may then be tried. A refusal for another reason stands.
 */
export const isUnknownRecipient = (reply: Reply): boolean =>
  UNKNOWN.has(reply.enhanced ?? `${reply.code}`);

/**
 * True for a refusal that says that nobody has the address ({@linkcode isUnknownRecipient}) or serves its domain
 * ({@linkcode isRelayingDenied}). A handler that serves the domain may then take it.
 */
export const isUnclaimed = (reply: Reply): boolean =>
  isUnknownRecipient(reply) || isRelayingDenied(reply);

/** True for what can be sent as a reply. */
export function isReply(value: unknown): value is Reply {
  return typeof seal(value) !== "string";
}

/**
 * A handler's answer as a checked, frozen copy. Each part is read once, so the reply that is sent is the one that was
 * checked, also for an answer with getters or a Proxy.
 *
 * @returns the fault, if it is no reply
 */
export function seal(answer: unknown): Reply | string {
  if (typeof answer !== "object" || answer === null) {
    return `answered ${describe(answer)} instead of a reply`;
  }
  if (REPLY.isOn(answer)) return answer as Reply;
  if (!("code" in answer && "lines" in answer)) {
    return `answered ${describe(answer)} instead of a reply`;
  }
  const { code, enhanced, lines, routes, sender, user, hold } = answer as Reply;
  const reply: { -readonly [K in keyof Reply]: Reply[K] } = { code, lines: frozenData(lines) };
  if (enhanced !== undefined) reply.enhanced = enhanced;
  const fault = faultInReply(reply);
  if (fault !== undefined) return fault;
  if (sender !== undefined) reply.sender = sender;
  if (user !== undefined) reply.user = user;
  if (hold !== undefined) {
    if (!isReason(hold)) return "answered a hold without a reason of one line";
    reply.hold = hold;
  }
  if (routes !== undefined) {
    if (!Array.isArray(routes)) return "answered routes that are no list";
    const copies: Route[] = [];
    for (let i = 0; i < routes.length; i++) {
      const route = sealRoute(routes[i]);
      if (typeof route === "string") return route;
      copies.push(route);
    }
    reply.routes = Object.freeze(copies);
  }
  return REPLY.freeze(reply);
}

/**
 * A reply with {@linkcode Reply.each}. A handler that changes it makes another one, without these.
 *
 * @throws {TypeError} for what cannot be sent as a reply
 */
export const withEach = (reply: Reply, each: readonly Reply[]): Reply =>
  REPLY.freeze({ ...sealed(reply), each: Object.freeze(each.map(sealed)) });

function sealed(answer: unknown): Reply {
  const reply = seal(answer);
  if (typeof reply === "string") throw new TypeError(reply);
  return reply;
}

function sealRoute(route: Partial<Route> | null | undefined): Route | string {
  if (route != null && ROUTE.isOn(route)) return route as Route;
  const { recipient, target, user, extension, copy } = route ?? {};
  if (!(recipient instanceof Mailbox)) return "answered a route without a recipient";
  if (typeof target !== "object" || target === null) return "answered something not a target";
  for (const name of [user, extension]) {
    if (name !== undefined && typeof name !== "string") {
      return "answered a route whose user is no name";
    }
  }
  return ROUTE.freeze({
    recipient,
    target: sealTarget(target),
    ...(user === undefined ? {} : { user }),
    ...(extension === undefined ? {} : { extension }),
    ...(copy ? { copy: true } : {}),
  });
}

/**
 * A frozen copy of a target.
 *
 * @throws {TypeError} if it is not a target, or its arguments are no plain data
 */
export function sealTarget(target: Target): Target {
  if (TARGET.isOn(target)) return target;
  const { target: name, args } = target;
  if (typeof name !== "string") throw new TypeError("answered something not a target");
  return TARGET.freeze({ target: name, args: frozenData(args) });
}

function describe(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null || typeof value !== "object") return `${typeof value} ${String(value)}`;
  return Array.isArray(value) ? "an array" : "an object without code and lines";
}
