/**
 * What the words of a server mean for the mail of recipients.
 * @module
 */
import { messageOf } from "../base/message_of.ts";
import type { Outcome, RefusalKind, Remote, Scope } from "../handler/outcome.ts";
import { SigningFault } from "../signing/signer.ts";
import { TlsFailure } from "../tls/requirement.ts";
import { defaultStatus } from "../smtp/status.ts";
import type { WireReply } from "../smtp/reply.ts";
import { DialFailure } from "./dial.ts";
import { ClientFault, LoginRefused, printed, ProtocolFault, Refused } from "./fault.ts";
import { type Answered, kindOf } from "./kind.ts";
import type { Peer } from "./peer.ts";
import type { Record } from "./transaction.ts";

/** The most characters of a server's words in a reason. */
const MOST = 400;

/** The server, as outcomes name it. */
export const remoteOf = (
  { host, address, tls }: Pick<Peer, "host" | "address" | "tls">,
  reply: WireReply,
): Remote => ({
  ...{ name: host, address, reply: printed(reply) },
  ...tls === undefined ? {} : { tls },
});

/** What a reply means for the mail of a recipient. */
export function outcomeOf(reply: WireReply, peer: Peer, answered: Answered): Outcome {
  const remote = remoteOf(peer, reply);
  if (reply.code < 400) {
    const reason = short(`${peer.host} took it: ${remote.reply}`);
    const dsn = peer.extensions.has("DSN") ? { dsn: "handed on" } as const : {};
    return { result: "delivered", reason, remote, ...dsn };
  }
  const result = reply.code < 500 ? "deferred" : "failed";
  const status = statusOf(reply);
  const reason = short(`${peer.host} said: ${remote.reply}`);
  return {
    ...{ result, status, reason, remote, kind: kindOf(reply, answered) ?? "other" },
    ...reply.code === 421 ? { scope: "destination" } : {},
  };
}

/** What the record of a transaction means for each recipient. The fault is why it has ended before its time. */
export function outcomesOf(record: Record, count: number, peer: Peer, fault?: Error): Outcome[] {
  return Array.from({ length: count }, (_, i) => {
    if (fault instanceof ProtocolFault) return faulty(fault, peer.host); // which reply was whose?
    const { mail, rcpt, end } = record;
    const said = [["mail", mail], ["rcpt", rcpt[i]], ["data", end[i]]] as const;
    const refused = said.find(([, reply]) => reply !== undefined && reply.code >= 400);
    const [answered, reply] = refused ?? said[2];
    return reply === undefined ? faulty(fault, peer.host) : outcomeOf(reply, peer, answered);
  });
}

/** The mail waits, because a server could not be reached, or the connection was lost. */
export function faulty(fault: unknown, host: string): Outcome {
  const reason = fault instanceof Error ? fault.message : "the server hung up";
  if (fault !== undefined && !isOfOthers(fault)) return brokenHere(fault);
  const said = (reply: WireReply | undefined) =>
    reply === undefined ? {} : { remote: { name: host, reply: printed(reply) } };
  if (fault instanceof Refused) {
    const kind = kindOf(fault.reply, "greeting") ?? "connection";
    return { ...waiting("4.3.2", reason, kind), ...said(fault.reply) };
  }
  if (fault instanceof LoginRefused) {
    return { ...waiting("4.7.8", reason, "login", "server"), ...said(fault.reply) };
  }
  if (fault instanceof TlsFailure) return waiting("4.7.5", reason, "connection");
  if (fault instanceof DialFailure) {
    return fault.permanent
      ? waiting("4.4.4", reason, "dns")
      : waiting("4.4.2", reason, "connection");
  }
  return waiting("4.4.2", `${host}: ${reason}`, "connection");
}

const waiting = (
  status: `4.${number}.${number}`,
  reason: string,
  kind: RefusalKind,
  scope: Scope = "destination",
): Outcome => ({ result: "deferred", status, reason: short(reason), scope, kind });

/**
 * The mail waits, because this server has a fault: it cannot read the message, for instance, or sign it (RFC 3463
 * section 3.8).
 */
export const brokenHere = (error: unknown): Outcome => ({
  ...{ result: "deferred", scope: "server" },
  ...error instanceof SigningFault
    ? { status: "4.7.5", reason: "this server cannot sign the message now" }
    : { status: "4.3.0", reason: "this server has a fault, and cannot send the message now" },
  cause: messageOf(error),
});

const isOfOthers = (fault: unknown): boolean =>
  [ClientFault, TlsFailure, DialFailure].some((kind) => fault instanceof kind);

const short = (text: string): string =>
  (text.length > MOST ? `${text.slice(0, MOST)}...` : text).replace(/[^\x20-\x7e]/g, "?");

function statusOf({ code, enhanced }: WireReply): `${4 | 5}.${number}.${number}` {
  const status = enhanced ?? defaultStatus(code) ?? `${Math.floor(code / 100)}.0.0`;
  return status as `${4 | 5}.${number}.${number}`;
}
