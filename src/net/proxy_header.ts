/**
 * The header of the PROXY protocol, versions 1 and 2: a proxy says at the beginning of a connection whose it is
 * (https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt).
 * @module
 */
import { ipOfOctets, isIpv6, parseIp, peerAddress } from "../base/ip.ts";

/** A header that is understood. */
export interface ProxyHeader {
  /**
   * The client, an IP address and its port. `undefined` if the header names none: the proxy itself has connected
   * (`LOCAL`), or the client has no address that is known here (`UNKNOWN`, a Unix socket).
   */
  readonly client: { readonly address: string; readonly port: number } | undefined;
  /** The octets of the whole header. What follows them is the client's. */
  readonly octets: number;
}

/** What is wrong with a header. */
export interface HeaderFault {
  readonly fault: string;
}

/** Octets of the longest header of version 1. */
const LONGEST_LINE = 107;
const LINE_BEGINS = bytes("PROXY ");
const SIGNATURE = bytes("\r\n\r\n\0\r\nQUIT\n");
/** Octets before the addresses in a header of version 2. */
const FIXED = SIGNATURE.length + 4;

/**
 * Reads a header. The extensions (section 2.2.1) at the end of a header of version 2 are not looked at, and need not have
 * come.
 *
 * @param octets the beginning of a connection
 * @returns `more` if too little has come to tell
 */
export function proxyHeader(octets: Uint8Array): ProxyHeader | HeaderFault | "more" {
  if (begins(octets, SIGNATURE)) return octets.length < FIXED ? "more" : binary(octets);
  if (begins(octets, LINE_BEGINS)) {
    return octets.length < LINE_BEGINS.length ? "more" : line(octets);
  }
  return { fault: "it begins without a header of the PROXY protocol" };
}

/** Whether octets begin so, as far as they have come. */
const begins = (octets: Uint8Array, beginning: Uint8Array): boolean =>
  octets.subarray(0, beginning.length).every((octet, i) => octet === beginning[i]);

/** Version 1 (section 2.1). */
function line(octets: Uint8Array): ProxyHeader | HeaderFault | "more" {
  const text = String.fromCharCode(...octets.subarray(0, LONGEST_LINE));
  const end = text.indexOf("\r\n");
  if (end < 0) {
    return text.length < LONGEST_LINE
      ? "more"
      : { fault: `the line of the header does not end within ${LONGEST_LINE} octets` };
  }
  const said = text.slice(0, end);
  const length = end + 2;
  if (/^PROXY UNKNOWN(?: |$)/.test(said)) return { client: undefined, octets: length };
  const [, family, source = "", destination = "", port = "", portOfDestination = ""] =
    /^PROXY TCP([46]) (\S+) (\S+) (\S+) (\S+)$/.exec(said) ?? [];
  if (family === undefined) {
    return { fault: "the header is no `PROXY TCP4`, `PROXY TCP6` or `PROXY UNKNOWN` line" };
  }
  const wrong = [source, destination].some((one) => !isAddress(one, family)) ||
    [port, portOfDestination].some((one) => !isPort(one));
  return wrong
    ? { fault: "an address or a port in the header is wrong" }
    : { client: { address: peerAddress(source), port: Number(port) }, octets: length };
}

const isAddress = (text: string, family: string): boolean =>
  parseIp(text) !== undefined && isIpv6(text) === (family === "6");

const isPort = (text: string): boolean =>
  /^(?:0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65535;

/** The octets of both addresses and ports in version 2, for each family over streams. */
const FAMILIES: Readonly<Record<number, number>> = { 0x00: 0, 0x11: 12, 0x21: 36, 0x31: 216 };
const UNIX = 0x31;

/** Version 2 (section 2.2). */
function binary(octets: Uint8Array): ProxyHeader | HeaderFault | "more" {
  const head = new DataView(octets.buffer, octets.byteOffset + SIGNATURE.length);
  const [command, family, length] = [head.getUint8(0), head.getUint8(1), head.getUint16(2)];
  const whole = { client: undefined, octets: FIXED + length };
  if (command === 0x20) return whole; // LOCAL
  if (command !== 0x21) return { fault: `the header has version and command ${hex(command)}` };
  const needed = FAMILIES[family];
  if (needed === undefined) return { fault: `the header has family and protocol ${hex(family)}` };
  if (length < needed) return { fault: "the header is shorter than its addresses" };
  if (needed === 0 || family === UNIX) return whole;
  if (octets.length < FIXED + needed) return "more";
  const size = (needed - 4) / 2;
  const address = ipOfOctets(octets.subarray(FIXED, FIXED + size));
  const port = head.getUint16(4 + 2 * size);
  return { ...whole, client: { address, port } };
}

const hex = (octet: number): string => `0x${octet.toString(16).padStart(2, "0")}`;

function bytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
