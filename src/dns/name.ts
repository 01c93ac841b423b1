/**
 * Names in the DNS.
 * @module
 */
import { parseIp } from "../base/ip.ts";
import { lower } from "../smtp/ascii.ts";
import { asciiName } from "../smtp/idna.ts";

/** True for a name that the DNS can have (RFC 1035 section 2.3.4), in the form that people write. */
export function isDnsName(name: string): boolean {
  return name.length <= 253 && /^[!-~]+$/.test(name) &&
    name.split(".").every((label) => label.length > 0 && label.length <= 63);
}

/**
 * A name of the DNS in the form in which names are compared and looked up: in lower case (RFC 4343) and A-labels
 * (RFC 5890), and without the final dot, which says that it is complete (RFC 1034 section 3.1) and changes nothing for
 * mail. What is no name stays as it is, but for ASCII letters.
 */
export function canonicalName(name: string): string {
  const whole = name.replace(/\.$/, "");
  return asciiName(whole) ?? lower(whole);
}

/** True for two spellings of one name: neither case, nor a final dot, nor U-labels for A-labels matter. */
export const isSameName = (one: string, other: string): boolean =>
  canonicalName(one) === canonicalName(other);

/** `1.2.0.192.in-addr.arpa` or the like (RFC 1035 section 3.5, RFC 3596); `undefined` for no address. */
export function reverseName(address: string): string | undefined {
  const parsed = parseIp(address);
  if (parsed === undefined) return undefined;
  const bytes = parsed.toByteArray();
  if (parsed.kind() === "ipv4") return `${bytes.toReversed().join(".")}.in-addr.arpa`;
  return `${[...Uint8Array.from(bytes).toHex()].toReversed().join(".")}.ip6.arpa`;
}

/** A domain and those above it, the nearest first: `mx.example.net`, `example.net`, `net`. */
export function* withParents(domain: string): Generator<string> {
  for (let name = domain; name !== ""; name = name.slice(name.indexOf(".") + 1)) {
    yield name;
    if (!name.includes(".")) return;
  }
}
