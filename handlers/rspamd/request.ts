/**
 * What rspamd is told of a message.
 * @module
 */
import { parseIp, type Session } from "postmaster";
import { clientName } from "../filters/client_name.ts";
import { inOctets } from "../filters/fields.ts";

/** The fields of the request: the envelope, the client and the user. */
export async function envelope(
  session: Session,
  signal: AbortSignal,
): Promise<Record<string, string | string[]>> {
  const { helo, hostname, mailFrom, peer, recipients, tls, transaction, user } = session;
  const isAddress = parseIp(peer.address) !== undefined;
  const name = isAddress ? await clientName(session, signal) : undefined;
  const fields = {
    From: `${mailFrom ?? "<>"}`,
    Rcpt: recipients.map(String),
    IP: isAddress ? peer.address : undefined,
    Helo: helo?.name,
    Hostname: name,
    User: user,
    "Queue-Id": transaction?.id,
    "MTA-Name": hostname,
    "TLS-Version": tls?.protocol,
    "TLS-Cipher": tls?.cipher,
  };
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) =>
      value === undefined
        ? []
        : [[name, typeof value === "string" ? printable(value) : value.map(printable)]]
    ),
  );
}

/** A value of a field: octets of UTF-8 without controls. */
const printable = (text: string): string => inOctets(text.replace(/\p{Cc}/gu, "?"));
