/**
 * What the log says of a session's dialogue.
 * @module
 */
import type { Event, Verdict } from "../handler/event.ts";
import { sessionFields } from "../handler/log_fields.ts";
import { isPositive, type Reply } from "../handler/reply.ts";
import type { Peer, SessionState } from "../handler/session.ts";
import type { Tls } from "../handler/tls.ts";
import type { Field } from "../log/event.ts";
import { redact, redactCommand, verbOf } from "../log/redact.ts";
import { text } from "../smtp/ascii.ts";
import type { ClientDetails } from "../smtp/client_details.ts";
import { type Mailbox, printPath } from "../smtp/mailbox.ts";
import type { ForeignLine } from "../smtp/other_protocol.ts";
import type { FinalReply } from "./final_replies.ts";
import type { KnownCommand } from "./rule.ts";

/** The event that a reply answers, with what the log says of it. */
export type Answered = Pick<Event, "type"> & {
  /** The name in HELO and EHLO. */
  readonly name?: string;
  readonly command?: string;
  readonly line?: string;
  readonly limit?: string;
  readonly mechanism?: string;
  readonly user?: string;
  readonly verdict?: Verdict;
  /** The recipients of the message that it ends. */
  readonly recipients?: readonly Mailbox[];
  /** The handler that has refused a message; without it, the one that has refused the command. */
  readonly refuser?: string;
};

/** Logs a line of the client's: of AUTH and of unknown commands only the verb, and of one that is `secret` only how long it is. */
export function logCommand(session: SessionState, line: Uint8Array, secret: boolean): void {
  const { log } = session.context;
  if (!log.wants("command")) return;
  const said = secret ? `(${line.length} octets)` : redactCommand(text(line));
  log("command", { ...sessionFields(session), line: said });
}

/** Logs a reply, and what it refuses: an event, or the command behind it. */
export function logReply(
  session: SessionState,
  event: Answered,
  reply: Reply,
  command?: KnownCommand,
): void {
  const { log } = session.context;
  const isRefusal = !isPositive(reply) && log.wants("rejected");
  if (!isRefusal && !log.wants("reply")) return;
  const { code, enhanced } = reply;
  const fields = { ...sessionFields(session), code, enhanced, text: reply.lines.join(" / ") };
  log("reply", fields);
  if (!isRefusal) return;
  const { type } = event;
  const { verb, mailbox } = command ?? {};
  const address = mailbox === undefined ? undefined : printPath(mailbox);
  log("rejected", {
    ...fields,
    helo: event.name ?? fields.helo,
    sender: verb === "MAIL" ? address : fields.sender,
    event: type,
    limit: event.limit,
    mechanism: event.mechanism,
    user: event.user ?? fields.user,
    handler: event.refuser ?? session.supervisor.refuser(reply),
    recipient: verb === "RCPT" ? address : undefined,
    recipients: event.recipients?.map(printPath),
    verb: event.command ?? verbOf(event.line ?? ""),
    cause: event.verdict !== undefined && "refused" in event.verdict
      ? event.verdict.refused
      : undefined,
  });
}

/** Logs a message that has come to its end, accepted or not: once for the recipients with the same codes. */
export function logReceived(
  session: SessionState,
  size: number,
  replies: readonly FinalReply[],
): void {
  const { context: { log }, forwarded, transaction } = session;
  if (transaction === undefined || !log.wants("received")) return;
  const { id, mailFrom } = transaction;
  for (const { reply: { code, enhanced }, recipients } of alike(replies)) {
    log("received", {
      ...sessionFields(session),
      id,
      sender: printPath(mailFrom),
      recipients: recipients.map(printPath),
      size,
      ...forwarded && forwardedFields(forwarded),
      code,
      enhanced,
    });
  }
}

/** One reply for all recipients with its codes. */
function alike(replies: readonly FinalReply[]): readonly FinalReply[] {
  if (replies.length === 1) return replies; // as always in SMTP
  const groups = Map.groupBy(replies, ({ reply }) => `${reply.code} ${reply.enhanced}`);
  return Array.from(groups.values(), (group) => ({
    reply: group[0]!.reply,
    recipients: group.flatMap(({ recipients }) => recipients),
  }));
}

/** What another server says of the client from which it has a message: `forwardedAddress`, `forwardedHelo`. */
const forwardedFields = (details: ClientDetails): Record<`forwarded${string}`, Field> =>
  Object.fromEntries(
    Object.entries(details).map(([name, value]) => [
      `forwarded${name[0]!.toUpperCase()}${name.slice(1)}`,
      value,
    ]),
  );

/** Logs what was negotiated for a connection that is encrypted now. */
export function logEncrypted(
  session: SessionState,
  { protocol, cipher, serverName, peer }: Tls,
): void {
  const client = peer?.trusted ? peer.subject : undefined;
  session.context.log("encrypted", {
    ...sessionFields(session),
    ...{ protocol, cipher, serverName, client },
  });
}

/** Logs a client that another server has named. */
export function logNamed(session: SessionState, { name }: ClientDetails, by: Peer): void {
  const { peer: { port }, listener: { address: listener } } = session;
  const place = { port: port === 0 ? undefined : port, via: by.address, listener };
  session.context.log("client named", { ...sessionFields(session), ...place, name });
}

/** Logs a client that has authenticated. */
export function logAuthenticated(session: SessionState, mechanism: string): void {
  session.context.log("authenticated", { ...sessionFields(session), mechanism });
}

/** Logs a client of which so many octets have come before the greeting. */
export function logEarly(session: SessionState, octets: number): void {
  session.context.log("talks early", { ...sessionFields(session), octets });
}

/** Logs a client that speaks another protocol. */
export function logForeign(session: SessionState, { protocol, line }: ForeignLine): void {
  const { log } = session.context;
  log("other protocol", { ...sessionFields(session), protocol, line: redact(line) });
}
