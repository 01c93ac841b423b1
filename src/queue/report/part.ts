/**
 * One part of a report: its fields and its octets.
 * @module
 */
import { Buffer } from "node:buffer";
import { encodingOf, quotedPrintable } from "./quoted.ts";

/** A part of a multipart. */
export interface Part {
  readonly type: string;
  /** What it is, for people. */
  readonly description: string;
  readonly encoding: "7bit" | "8bit" | "quoted-printable";
  /** One character for each octet. */
  readonly content: string;
}

/** A part of octets that may be encoded. */
export function encodedPart(type: string, description: string, octets: Uint8Array): Part {
  const content = Buffer.from(octets).toString("latin1");
  return encodingOf(content) === "7bit"
    ? { type, description, encoding: "7bit", content }
    : { type, description, encoding: "quoted-printable", content: quotedPrintable(octets) };
}

/** The part with its fields, one character for each octet. */
export const printPart = ({ type, description, encoding, content }: Part): string =>
  `Content-Description: ${description}\r\nContent-Type: ${type}\r\n` +
  `Content-Transfer-Encoding: ${encoding}\r\n\r\n${content}`;
