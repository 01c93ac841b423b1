/**
 * The trace field that every server adds on top of a message (RFC 5321 section 4.4).
 * @module
 */
import { isDomain, type Mailbox, printPath } from "../smtp/mailbox.ts";

/** The content of a `Received` field. */
export interface Reception {
  /** The name of the client in HELO or EHLO. */
  readonly helo: string;
  /** The address of the client; without it, the field does not tell where the message comes from. */
  readonly peer: string | undefined;
  readonly hostname: string;
  /** The queue id. */
  readonly id: string;
  /** The protocol, from {@linkcode protocolOf}. */
  readonly protocol: string;
  /** The user of this machine that the message is from: it has come by no protocol. */
  readonly localUser?: { readonly name: string; readonly uid: number } | undefined;
  /** The cipher suite of an encrypted connection (RFC 8314 section 4.3). */
  readonly cipher?: string | undefined;
  /** The recipient, if there is only one: recipients must not learn of each other (section 7.6). */
  readonly recipient?: Mailbox | undefined;
  /** Milliseconds since the epoch. */
  readonly time: number;
}

/**
 * The protocol of a message: `SMTP`, or `ESMTP`, `LMTP`, `UTF8SMTP` or `UTF8LMTP` with its suffixes (RFC 3848, RFC 6531
 * section 4.3).
 *
 * @param utf8 the message came with SMTPUTF8
 */
export function protocolOf(
  { listener, helo, tls, user }: {
    readonly listener: { readonly kind: string };
    readonly helo: { readonly extended: boolean } | undefined;
    readonly tls: object | undefined;
    readonly user: string | undefined;
  },
  utf8: boolean,
): string {
  if (!helo?.extended) return "SMTP";
  const isLmtp = listener.kind === "lmtp";
  const name = utf8 ? (isLmtp ? "UTF8LMTP" : "UTF8SMTP") : isLmtp ? "LMTP" : "ESMTP";
  return `${name}${tls ? "S" : ""}${user === undefined ? "" : "A"}`;
}

/** The whole field, folded, with its CRLF. */
export function receivedField(reception: Reception): string {
  const { helo, peer, hostname, id, protocol, localUser, cipher, recipient, time } = reception;
  const client = isDomain(helo) ? helo : "unknown";
  const forWhom = recipient === undefined ? "" : `\r\n\tfor ${printPath(recipient)}`;
  const tls = cipher === undefined ? "" : `\r\n\ttls ${cipher}`;
  const from = peer === undefined || localUser !== undefined
    ? ""
    : `from ${client} (${literal(peer)})\r\n\t`;
  const how = localUser === undefined ? `with ${protocol}` : ofUser(localUser, peer !== undefined);
  return `Received: ${from}by ${hostname} ${how} id ${id}${forWhom}${tls};\r\n` +
    `\t${dateTime(time)}\r\n`;
}

/** A comment: a name that would end it is left out. */
function ofUser({ name, uid }: { readonly name: string; readonly uid: number }, isNamed: boolean) {
  if (!isNamed) return "(local)";
  return /^[\w.@+-]+$/.test(name) ? `(from ${name}, user ID ${uid})` : `(from user ID ${uid})`;
}

/** An address as RFC 5321 section 4.1.3 writes it. */
function literal(address: string): string {
  if (address.includes(":")) return `[IPv6:${address}]`;
  return /^[\d.]+$/.test(address) ? `[${address}]` : address;
}

/**
 * A date and time for a header (RFC 5322 section 3.3), in UTC.
 *
 * @param time milliseconds since the epoch
 */
export function dateTime(time: number): string {
  return new Date(time).toUTCString().replace("GMT", "+0000");
}
