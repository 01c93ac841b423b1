/**
 * What the log says of a session's dialogue.
 *
 * @module
 */
import type { Event } from "../handler/event.ts";
import { isPositive, type Reply } from "../handler/reply.ts";
import type { SessionState } from "../handler/session.ts";
import { redact } from "../log/redact.ts";
import { text } from "../smtp/ascii.ts";
import { type Mailbox, printPath } from "../smtp/mailbox.ts";
import type { ForeignLine } from "../smtp/other_protocol.ts";

/** The event that a reply answers. */
export type Answered = Pick<Event, "type"> & { readonly mailbox?: Mailbox | null };

/** Logs a line of the client's, of AUTH only the verb. */
export function logCommand(
  { id: session, context: { log } }: SessionState,
  line: Uint8Array,
): void {
  if (log.wants("command")) log("command", { session, line: redact(text(line, 0, line.length)) });
}

/** Logs a reply, and what it refuses. */
export function logReply(
  { id: session, peer, helo, transaction, supervisor, context: { log } }: SessionState,
  { type, mailbox }: Answered,
  reply: Reply,
): void {
  const { code, enhanced } = reply;
  const refused = !isPositive(reply) && log.wants("rejected");
  if (!refused && !log.wants("reply")) return;
  const text = reply.lines.join(" / ");
  log("reply", { session, code, text });
  if (!refused) return;
  const address = mailbox === undefined ? undefined : printPath(mailbox);
  const sender = transaction === undefined ? undefined : printPath(transaction.mailFrom);
  log("rejected", {
    session,
    id: transaction?.id,
    event: type,
    code,
    enhanced,
    peer: peer.address,
    helo: helo?.name,
    sender: type === "SetMailFrom" ? address : sender,
    recipient: type === "AddRcptTo" ? address : undefined,
    handler: supervisor.refuser(reply),
    text,
  });
}

/** Logs a message that has come to its final dot, accepted or not. */
export function logReceived(
  { id: session, context: { log }, transaction }: SessionState,
  size: number,
  { code }: Reply,
): void {
  if (transaction === undefined || !log.wants("received")) return;
  const { id, mailFrom, recipients } = transaction;
  log("received", {
    session,
    id,
    sender: printPath(mailFrom),
    recipients: recipients.map(printPath),
    size,
    code,
  });
}

/** Logs a client that speaks another protocol. */
export function logForeign(
  { id: session, peer, context: { log } }: SessionState,
  { protocol, line }: ForeignLine,
): void {
  log("other protocol", { session, peer: peer.address, protocol, line: redact(line) });
}
