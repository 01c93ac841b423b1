/**
 * The macros of Sendmail that milters read: what the server knows of the client and the message.
 * @module
 */
import { type EventOf, isPositive, type Reply, type Session } from "postmaster";
import { COMMAND, packet, texts } from "./protocol.ts";
import type { Moment, Terms } from "./terms.ts";

/** Macros by their names, without braces. One without a value is not sent. */
export type Macros = Readonly<Record<string, string | undefined>>;

/**
 * Macros of the connection, at the first moment.
 *
 * @param clientName its confirmed name; `unknown` without one
 */
export function connectionMacros(
  { hostname, listener, peer }: Session,
  clientName: string,
): Macros {
  const [, host, port] = /^\[?(.*?)\]?:(\d+)$/.exec(listener.address) ?? [];
  return {
    j: hostname,
    v: "Postmaster",
    _: `${clientName} [${peer.address}]`,
    daemon_name: hostname,
    daemon_addr: host,
    daemon_port: port,
    if_name: hostname,
    if_addr: host,
    client_addr: peer.address,
    client_name: clientName,
    client_port: String(peer.port),
    client_ptr: clientName,
    client_resolve: clientName === "unknown" ? "FAIL" : "OK",
  };
}

/** Macros at HELO and EHLO. */
export function heloMacros({ tls }: Session): Macros {
  if (tls === undefined) return {};
  return {
    tls_version: tls.protocol,
    cipher: tls.cipher,
    cipher_bits: /256|CHACHA20/.test(tls.cipher) ? "256" : "128",
    cert_subject: tls.peer?.subject,
    verify: tls.peer === undefined ? "NO" : tls.peer.trusted ? "OK" : "FAIL",
  };
}

/** Macros at MAIL. */
export function mailMacros(
  { mailbox }: EventOf<"SetMailFrom">,
  { user, transaction, helo, peer }: Session,
  clientName: string,
  mechanism: string | undefined,
): Macros {
  return {
    i: transaction?.id,
    f: String(mailbox ?? ""),
    s: helo?.name,
    r: helo?.extended === false ? "SMTP" : "ESMTP",
    client_addr: peer.address,
    client_name: clientName,
    mail_addr: String(mailbox ?? ""),
    mail_host: mailbox?.domain ?? "",
    mail_mailer: "esmtp",
    auth_authen: user,
    auth_type: user === undefined ? undefined : mechanism,
  };
}

/** Macros at RCPT. Those of a recipient that is refused say why. */
export function recipientMacros(
  { mailbox }: EventOf<"AddRcptTo">,
  { transaction }: Session,
  reply: Reply,
): Macros {
  const i = transaction?.id;
  if (isPositive(reply)) {
    const rcpt_mailer = reply.routes?.[0]?.target.target;
    return { i, rcpt_addr: String(mailbox), rcpt_host: mailbox.domain, rcpt_mailer };
  }
  const { code, enhanced, lines } = reply;
  return {
    ...{ i, rcpt_mailer: "error", rcpt_host: enhanced ?? String(code) },
    rcpt_addr: `${code} ${lines.join(" ")}`,
  };
}

/** Macros at DATA, and at the end of the header and of the message. */
export const messageMacros = ({ transaction, recipients }: Session): Macros => ({
  i: transaction?.id,
  nrcpts: String(recipients.length),
});

/** The packet with the macros for a command that the milter wants; `[]` if there are none. */
export function macroPacket(
  command: string,
  moment: Moment | undefined,
  macros: Macros,
  terms: Terms,
): readonly Uint8Array[] {
  const wanted = moment && terms.macros.get(moment);
  const said = Object.entries(macros).flatMap(([name, value]) =>
    value === undefined || wanted?.has(name) === false ? [] : [written(name), value]
  );
  if (said.length === 0) return [];
  return [packet(COMMAND.macros, new Uint8Array([command.charCodeAt(0), ...texts(said)]))];
}

/** Names of one character have no braces. */
const written = (name: string): string => name.length === 1 ? name : `{${name}}`;
