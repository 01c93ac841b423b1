/**
 * Who is told what became of a message (RFC 3461 section 4.1).
 * @module
 */
import type { Notification } from "../../smtp/dsn.ts";
import type { Attempt, QueuedMessage, QueuedRecipient } from "../entry.ts";
import { parameter } from "./parameter.ts";

/** What a sender is told of a recipient (RFC 3464 section 2.3.3). */
export type Action = "failed" | "delayed" | "delivered" | "relayed" | "expanded";

/** What became of the mail of one recipient. */
export interface Notice {
  readonly recipient: QueuedRecipient;
  readonly action: Action;
  /** The attempt that it follows from. */
  readonly attempt: Attempt;
  /** For delays: until when the server tries, in milliseconds since the epoch. */
  readonly until?: number | undefined;
}

/** What a report is about. A double bounce is about a report, or other mail of nobody, that has failed. */
export type About = "bounce" | "delay" | "success" | "double-bounce";

/** Notices that one report tells. */
export interface Telling {
  readonly about: About;
  readonly notices: readonly Notice[];
}

const KIND: Readonly<Record<Action, { about: About; notification: Notification }>> = {
  failed: { about: "bounce", notification: "FAILURE" },
  delayed: { about: "delay", notification: "DELAY" },
  delivered: { about: "success", notification: "SUCCESS" },
  relayed: { about: "success", notification: "SUCCESS" },
  expanded: { about: "success", notification: "SUCCESS" },
};

/** Of what a sender is told that has not said it: of failures and delays. */
const DEFAULT: readonly Notification[] = ["FAILURE", "DELAY"];

/**
 * The notices that are told, one kind after the other: those that the sender wants, also by the trace of RFC 2852, and
 * neither those of copies nor those that the next server tells.
 */
export function tellings(message: QueuedMessage, notices: readonly Notice[]): readonly Telling[] {
  const traces = parameter(message.parameters, "BY")?.trace === true;
  const wanted = notices.filter(({ recipient, action, attempt }) => {
    const notify = parameter(recipient.parameters, "NOTIFY") ?? DEFAULT;
    const isTraced = action === "relayed" && traces && notify.length > 0; // NEVER is none
    const isTold = !isHandedOn(attempt) && notify.includes(KIND[action].notification);
    return !recipient.copy && (isTraced || isTold);
  });
  const kinds = Map.groupBy(wanted, ({ action }) => KIND[action].about);
  if (message.sender !== null) {
    return Array.from(kinds, ([about, notices]) => ({ about, notices }));
  }
  const failed = kinds.get("bounce");
  return failed === undefined ? [] : [{ about: "double-bounce", notices: failed }];
}

const isHandedOn = ({ outcome }: Attempt): boolean =>
  outcome.result === "delivered" && outcome.dsn === "handed on";
