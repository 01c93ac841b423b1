/**
 * One attempt to deliver a message to recipients of one destination.
 * @module
 */
import { frozenMap } from "../base/frozen.ts";
import {
  BROKEN,
  isPermanent,
  isPositive,
  type Reply,
  type Route,
  type Target,
} from "../handler/reply.ts";
import { isSamePlace } from "../handler/route.ts";
import type { Log } from "../log/event.ts";
import type { Parameters } from "../smtp/parameters.ts";
import { consign, handOver, split } from "../targets/consignment.ts";
import type { Message, Outcome, Targets } from "../targets/target.ts";
import type { Asking } from "./asking.ts";
import type { QueuedMessage, QueuedRecipient } from "./entry.ts";
import { envelopeOf, routeOf } from "./plain.ts";
import { refusalBy, wishesOf } from "./wishes.ts";

/** The name of the target of mail whose place is still to be found: that of messages that the server makes. */
export const ROUTE = "route";

/** What became of the mail of a recipient. */
export type Fate =
  | {
    readonly outcome: Outcome;
    readonly plan?: string | undefined;
    /** Where handlers have sent it instead, this time. */
    readonly elsewhere?: Target | undefined;
    /** The handler that decided instead of an attempt. */
    readonly handler?: string | undefined;
  }
  | { readonly held: string; readonly handler?: string | undefined }
  /** Its place was found: these recipients take its own. */
  | { readonly routes: readonly Route[] };

/** What an attempt needs. */
export interface AttemptOptions {
  readonly targets: Targets;
  readonly asking: Pick<Asking, "before" | "route">;
  readonly log: Log;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Aborted when the server stops. */
  readonly signal: AbortSignal;
}

/** Tries to deliver a message to some of its recipients. Never throws. */
export async function attempt(
  message: QueuedMessage,
  recipients: readonly QueuedRecipient[],
  body: Message,
  options: AttemptOptions,
): Promise<ReadonlyMap<QueuedRecipient, Fate>> {
  const fates = new Map<QueuedRecipient, Fate>();
  const going = new Map<Route, QueuedRecipient>();
  const all = recipients.map((recipient) => decide(message, recipient, options.asking));
  for (const [i, decided] of (await Promise.all(all)).entries()) {
    const recipient = recipients[i]!;
    const refusal = "target" in decided ? refusedBy(message, decided, options) : undefined;
    if (refusal !== undefined) fates.set(recipient, { outcome: refusal });
    else if ("target" in decided) {
      for (const route of split([decided], options.targets)) going.set(route, recipient);
    } else fates.set(recipient, decided);
  }
  if (going.size === 0) return fates;
  const { own } = consign([...going.keys()], options.targets);
  const context = { ...options, envelope: envelopeOf(message) };
  for (const { routes, outcome, plan } of await handOver(own, body, context)) {
    for (const route of routes) {
      const recipient = going.get(route)!;
      const elsewhere = isSamePlace(route, recipient) ? undefined : route.target;
      const before = fates.get(recipient);
      if (before === undefined || isWorse(outcome, before)) {
        fates.set(recipient, { outcome, plan: plan(), elsewhere });
      }
    }
  }
  return fates;
}

/** Mail that goes to several places has arrived if it has arrived at all of them. */
const isWorse = (outcome: Outcome, before: Fate): boolean =>
  "outcome" in before && BADNESS[outcome.result] > BADNESS[before.outcome.result];

const BADNESS = { delivered: 0, failed: 1, deferred: 2 } as const;

/** Why the sender does not want the message to take a route now. */
const refusedBy = (
  message: QueuedMessage,
  { target }: Route,
  { targets, now }: AttemptOptions,
): Outcome | undefined => refusalBy(wishesOf(message).deadline, targets.get(target.target), now());

/** The sender knows nothing of a copy, and no other server tells it. */
const UNTOLD: Parameters = frozenMap(new Map([["NOTIFY", "NEVER"]]));

/** The route that is taken, or what is clear without an attempt. */
async function decide(
  message: QueuedMessage,
  recipient: QueuedRecipient,
  asking: AttemptOptions["asking"],
): Promise<Route | Fate> {
  const { refusal } = recipient;
  if (refusal !== undefined) {
    return { outcome: { result: "failed", status: "5.0.0", reason: refusal } };
  }
  if (recipient.target.target === ROUTE) {
    const { reply, handler } = await asking.route(message, recipient);
    return isPositive(reply) && reply.routes !== undefined
      ? { routes: reply.routes }
      : { outcome: outcomeOf(reply), handler };
  }
  const { reply, handler } = await asking.before(message, recipient, routeOf(recipient));
  if (reply.hold !== undefined) return { held: reply.hold, handler };
  const [only] = reply.routes ?? [];
  return isPositive(reply) && only !== undefined
    // The outcome of a copy is asked for, too.
    ? { ...only, copy: false, ...recipient.copy ? { parameters: UNTOLD } : {} }
    : { outcome: outcomeOf(reply), handler };
}

/** The outcome that a refusal means. A broken handler is trouble of the server, for which no mail is given up. */
export function outcomeOf(reply: Reply): Outcome {
  const reason = reply.lines.join(" ");
  const { enhanced } = reply;
  const result = isPermanent(reply) ? "failed" : "deferred";
  const digit = result === "failed" ? 5 : 4;
  const status = enhanced?.startsWith(`${digit}`) ? enhanced : `${digit}.0.0`;
  const outcome = { result, status: status as `${4 | 5}.${number}.${number}`, reason } as const;
  return reply === BROKEN ? { ...outcome, scope: "server" } : outcome;
}
