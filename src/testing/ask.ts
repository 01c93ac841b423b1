/**
 * Asks a handler one question.
 * @module
 */
import { Command } from "../handler/command.ts";
import type { Event, EventOf } from "../handler/event.ts";
import type { Handler } from "../handler/handler.ts";
import type { Outcome } from "../handler/outcome.ts";
import { BROKEN, type Reply, type Route, type Target } from "../handler/reply.ts";
import type { Helo } from "../handler/session.ts";
import { SessionView } from "../handler/session_view.ts";
import { Mailbox } from "../smtp/mailbox.ts";
import { NO_PARAMETERS } from "../smtp/parameters.ts";
import { relay } from "../targets/relay.ts";
import { keeping } from "./outbox.ts";
import { sessionOf, type SessionSetup } from "./session_of.ts";

/** The session in which a question is asked. */
export interface Situation extends Omit<SessionSetup, "limits" | "tolerated" | "log"> {
  /** What the client has called itself; without it, `client.example.org`, with EHLO. */
  readonly helo?: Helo;
  /** The sender of an open transaction: an address, `null` for the null path. */
  readonly mailFrom?: string | null;
  /** Recipients that were accepted before. */
  readonly recipients?: readonly string[];
}

/**
 * Asks `handler`, with the server's own answers after it, and returns the reply to `event` with its routes.
 *
 * ```ts
 * import { Mailbox, on, procmail } from "postmaster";
 * import { ask, rcpt } from "postmaster/testing";
 * import assert from "node:assert/strict";
 *
 * const policy = on("AddRcptTo", ({ mailbox }, next) =>
 *   mailbox.equals(Mailbox.parse("joe@example.net")) ? procmail("joe") : next());
 * const reply = await ask(policy, rcpt("joe@example.net"));
 * assert.equal(reply.code, 250);
 * ```
 */
export async function ask(
  handler: Handler,
  event: Event,
  situation: Situation = {},
): Promise<Reply> {
  const { time, mailFrom, recipients = [] } = situation;
  const { whole, session } = sessionOf(handler, {
    ...situation,
    id: "TEST",
    targets: keeping([]),
    now: time && (() => Number(time)),
  });
  session.show(
    situation.helo ?? { name: "client.example.org", extended: true },
    mailFrom === undefined ? undefined : {
      id: "TEST1",
      mailFrom: mailFrom === null ? null : Mailbox.parse(mailFrom),
      parameters: NO_PARAMETERS,
      recipients: recipients.map(Mailbox.parse),
      routes: [],
    },
  );
  const command = new Command(event, session.supervisor);
  const reply = await whole(event, () => BROKEN, new SessionView(session, command));
  command.answered(reply);
  return reply;
}

/** The event of `RCPT TO:<address>`. */
export const rcpt = (address: string): Event => ({
  type: "AddRcptTo",
  mailbox: Mailbox.parse(address),
  parameters: NO_PARAMETERS,
});

/** What is known of a delivery in tests. All of it has defaults. */
export interface DeliverySituation {
  /** Where the mail would go; without it, to the target `relay`. */
  readonly target?: Target;
  /** The first attempt, 1, unless another is given. */
  readonly attempt?: number;
  /** What became of the attempt before, or of this one. */
  readonly outcome?: Outcome;
  /** When deferred mail is tried again: without it, mail that was deferred has expired. */
  readonly next?: Date;
}

/**
 * The event that asks about the delivery of mail for an address:
 * `before("joe@example.net", { attempt: 2 })`.
 */
export function before(
  address: string,
  situation: DeliverySituation = {},
): EventOf<"BeforeDelivery"> {
  const { attempt = 1, outcome } = situation;
  const route = routeOf(address, situation);
  const destination = route.recipient.domain;
  return { type: "BeforeDelivery", route, attempt, destination, last: outcome };
}

/** The event that tells what became of such a delivery; without an outcome, the mail was delivered. */
export function after(
  address: string,
  situation: DeliverySituation = {},
): EventOf<"AfterDelivery"> {
  const { attempt = 1, outcome = DELIVERED, next } = situation;
  const { result } = outcome;
  const ending = result !== "deferred" ? result : next === undefined ? "expired" : "deferred";
  return {
    type: "AfterDelivery",
    route: routeOf(address, situation),
    attempt,
    outcome,
    ending,
    next,
  };
}

const DELIVERED: Outcome = { result: "delivered", reason: "kept" };

function routeOf(address: string, { target }: DeliverySituation): Route {
  const recipient = Mailbox.parse(address);
  return { recipient, target: target ?? relay([recipient]) };
}

/** The event of `MAIL FROM:<address>`; `null` is the null path. */
export const mail = (address: string | null): Event => ({
  type: "SetMailFrom",
  mailbox: address === null ? null : Mailbox.parse(address),
  parameters: NO_PARAMETERS,
});
