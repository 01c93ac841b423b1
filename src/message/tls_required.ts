/**
 * The field by which senders say that a message need not be encrypted on its way (RFC 8689 section 5).
 * @module
 */
import { Header } from "./fields.ts";
import { HeaderOctets } from "./header_octets.ts";
import type { Message } from "./message.ts";

/** The most octets of a header that are looked at. */
const LIMIT = 256 * 1024;

/**
 * True for a message whose header has `TLS-Required: No`, and no other value of that field. It does not count for a
 * message that came with REQUIRETLS.
 */
export async function tlsOptional(message: Pick<Message, "read">): Promise<boolean> {
  const octets = new HeaderOctets();
  for await (const chunk of message.read()) {
    octets.add(chunk);
    if (octets.end !== undefined || octets.length > LIMIT) break;
  }
  const fields = new Header(octets.all.subarray(0, octets.end ?? LIMIT)).all("TLS-Required");
  return fields.length > 0 && fields.every(({ text }) => text.toLowerCase() === "no");
}
