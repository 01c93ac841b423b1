/**
 * The names that addresses have in the DNS.
 *
 * @module
 */
import { parseIp } from "../base/ip.ts";

/** `1.2.0.192.in-addr.arpa` or the like (RFC 1035 section 3.5, RFC 3596); `undefined` for no address. */
export function reverseName(address: string): string | undefined {
  const parsed = parseIp(address);
  if (parsed === undefined) return undefined;
  const bytes = parsed.toByteArray();
  return parsed.kind() === "ipv4"
    ? `${bytes.toReversed().join(".")}.in-addr.arpa`
    : `${
      bytes.flatMap((byte) => [byte >> 4, byte & 15]).toReversed()
        .map((nibble) => nibble.toString(16)).join(".")
    }.ip6.arpa`;
}
