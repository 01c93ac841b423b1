/**
 * Headers of the PROXY protocol, written by the specification and apart from the server's reader.
 *
 * @module
 */
import { Buffer } from "node:buffer";

/** The line of version 1. */
export const v1 = (family: "TCP4" | "TCP6", address: string, port: number): Uint8Array =>
  Buffer.from(
    `PROXY ${family} ${address} ${family === "TCP4" ? "127.0.0.1" : "::1"} ${port} 25\r\n`,
  );

/** The octets of an address, as text of numbers: `192.0.2.1`, or IPv6 with all of its eight groups. */
function octetsOf(address: string): number[] {
  if (!address.includes(":")) return address.split(".").map(Number);
  return address.split(":").flatMap((
    group,
  ) => [parseInt(group, 16) >> 8, parseInt(group, 16) & 255]);
}

/** Version 2 with any content. */
export const binary = (
  command: number,
  family: number,
  content: readonly number[],
  length = content.length,
): Uint8Array =>
  Uint8Array.from([
    ...[0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a],
    ...[command, family, length >> 8, length & 255],
    ...content,
  ]);

/** Version 2 for a client, with extensions behind the addresses. */
export function v2(address: string, port: number, extensions: readonly number[] = []): Uint8Array {
  const source = octetsOf(address);
  const ports = [port >> 8, port & 255, 0, 25];
  const family = source.length === 4 ? 0x11 : 0x21;
  return binary(0x21, family, [...source, ...source.map(() => 1), ...ports, ...extensions]);
}

/** The proxy's own connection, such as a look at the health of the server. */
export const LOCAL = binary(0x20, 0x00, []);
/** A client of a Unix socket of the proxy. */
export const ON_UNIX = binary(0x21, 0x31, new Array(216).fill(0x2f));
