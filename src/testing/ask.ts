/**
 * Asks a handler one question.
 * @module
 */
import { Command } from "../handler/command.ts";
import type { Event } from "../handler/event.ts";
import type { Handler } from "../handler/handler.ts";
import { BROKEN, type Reply } from "../handler/reply.ts";
import type { Helo } from "../handler/session.ts";
import { SessionView } from "../handler/session_view.ts";
import { Mailbox } from "../smtp/mailbox.ts";
import { NO_PARAMETERS } from "../smtp/parameters.ts";
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

/** The event of `MAIL FROM:<address>`; `null` is the null path. */
export const mail = (address: string | null): Event => ({
  type: "SetMailFrom",
  mailbox: address === null ? null : Mailbox.parse(address),
  parameters: NO_PARAMETERS,
});
