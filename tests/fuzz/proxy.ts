/**
 * Headers of the PROXY protocol, good and bad.
 * @module
 */
import type { Random } from "./random.ts";

/** A header, as a proxy sends it. */
export interface Header {
  /** One character an octet. */
  readonly octets: string;
  /** The client that it names; without it, the client is the proxy itself. */
  readonly client?: { readonly address: string; readonly port: number };
  /** Nobody is greeted who sends it. */
  readonly bad?: true;
}

const SIGNATURE = "\r\n\r\n\0\r\nQUIT\n";
const IPV4 = { address: "192.0.2.7", octets: "\xc0\0\x02\x07" };
const IPV6 = { address: "2001:db8::7", octets: `\x20\x01\x0d\xb8${"\0".repeat(11)}\x07` };

const uint16 = (value: number): string => String.fromCharCode(value >> 8, value & 255);

/** A header of version 2. */
const binary = (command: string, family: string, content: string): string =>
  SIGNATURE + command + family + uint16(content.length) + content;

/** A header; one in five is bad. */
export function randomHeader(random: Random): Header {
  const port = random.between(1024, 65_535);
  if (random.chance(0.2)) return { octets: bad(port, random), bad: true };
  const extension = random.chance(0.3) ? "\x04" + uint16(5) + "\0".repeat(5) : "";
  const long = random.chance(0.1) ? "x".repeat(random.below(60_000)) : extension;
  const ports = uint16(port) + uint16(25);
  const four = { client: { address: IPV4.address, port } };
  const six = { client: { address: IPV6.address, port } };
  return random.pick<Header>([
    { octets: `PROXY TCP4 ${IPV4.address} 192.0.2.25 ${port} 25\r\n`, ...four },
    { octets: `PROXY TCP6 ${IPV6.address} 2001:db8::25 ${port} 25\r\n`, ...six },
    { octets: "PROXY UNKNOWN\r\n" },
    { octets: "PROXY UNKNOWN ffff::1 ffff::2 65535 65535\r\n" },
    { octets: binary("\x21", "\x11", IPV4.octets.repeat(2) + ports + long), ...four },
    { octets: binary("\x21", "\x21", IPV6.octets.repeat(2) + ports + long), ...six },
    { octets: binary("\x20", "\x11", IPV4.octets.repeat(2) + ports) },
    { octets: binary("\x20", "\x00", long) },
    { octets: binary("\x21", "\x00", long) },
    { octets: binary("\x21", "\x31", "\0".repeat(216) + long) },
  ]);
}

const bad = (port: number, random: Random): string =>
  random.pick([
    "EHLO c.example\r\n",
    "\x16\x03\x01\x00\x05",
    `PROXY TCP4 192.0.2.300 192.0.2.25 ${port} 25\r\n`,
    `PROXY TCP4 ::1 ::1 ${port} 25\r\n`,
    `PROXY TCP4 192.0.2.7 192.0.2.25 ${port} 70000\r\n`,
    `PROXY TCP4  192.0.2.7 192.0.2.25 ${port} 25\r\n`,
    `PROXY TCP4 192.0.2.7 192.0.2.25 ${port} 25${" ".repeat(100)}\r\n`,
    "PROXY\r\n\r\n\r\n",
    binary("\x22", "\x11", "\0".repeat(12)),
    binary("\x21", "\x11", "\0".repeat(11)),
    binary("\x21", "\x12", "\0".repeat(12)),
    binary("\x11", "\x11", "\0".repeat(12)),
    SIGNATURE.slice(0, 5) + "X",
  ]);
