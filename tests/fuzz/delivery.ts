/**
 * What a target must have been given.
 * @module
 */
import type { Address } from "./grammar.ts";
import type { Delivered } from "./heard.ts";
import { HOSTNAME } from "./world.ts";

/** A message that was accepted. */
export interface Accepted {
  /** The message below its `Received`, one character an octet. */
  readonly body: string;
  readonly sender: Address | null;
  /** The recipients as the client has named them. */
  readonly recipients: readonly Address[];
  /** The local parts of those to whom it goes. */
  readonly gets: ReadonlySet<string>;
  /** What `Received` calls the protocol. */
  readonly protocol: string;
  /** The client's address in `Received`. */
  readonly peer: string;
}

/** What is wrong with a delivery; `undefined` if nothing is. */
export function faultInDelivery(
  { sender, recipients, message }: Delivered,
  { body, sender: from, recipients: to, gets, protocol, peer }: Accepted,
): string | undefined {
  const [trace = ""] = TRACE.exec(message) ?? [];
  if (trace === "") return `no Received: ${JSON.stringify(message.slice(0, 300))}`;
  if (!trace.includes(` with ${protocol} id `)) return `not ${protocol}: ${trace}`;
  if (!trace.includes(` (${peer})\r\n`)) return `not from ${peer}: ${trace}`;
  if (trace.includes("\r\n\tfor <") !== (to.length === 1)) return `for whom? ${trace}`;
  if (message.slice(trace.length) !== body) {
    return `delivered: ${JSON.stringify(message)} instead of ${JSON.stringify(body)}`;
  }
  const wanted = [...gets].sort().join();
  const got = [...recipients].sort().join();
  if (got !== wanted) return `delivered to ${got} instead of ${wanted}`;
  const path = from === null ? "" : `${from.local}@${from.domain}`;
  return sender === path ? undefined : `delivered with the sender ${sender} instead of ${path}`;
}

/** The field that the server puts on top (RFC 5321 section 4.4). */
const TRACE = new RegExp(
  `^Received: from [^\\s]+ \\([^\\r\\n]*\\)\\r\\n\\tby ${HOSTNAME.replaceAll(".", "\\.")} ` +
    `with [A-Z8]+ id \\w+(?:\\r\\n\\tfor <[ -~\\x80-\\xff]*>)?(?:\\r\\n\\ttls \\w+)?;\\r\\n` +
    `\\t\\w{3}, \\d\\d \\w{3} \\d{4} \\d\\d:\\d\\d:\\d\\d \\+0000\\r\\n`,
);
