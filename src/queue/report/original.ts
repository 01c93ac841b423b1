/**
 * What a report returns of the message: all of it, or its header (RFC 3461 section 4.3).
 * @module
 */
import { Buffer } from "node:buffer";
import { HeaderOctets } from "../../message/header_octets.ts";
import type { Message } from "../../targets/target.ts";
import { encodedPart, type Part } from "./part.ts";
import { encodingOf } from "./quoted.ts";

/** Octets of a header that are returned. */
const MAX_HEADER = 32 * 1024;

/** What is returned of a message. */
export interface Returned {
  /** Its header, or the beginning of a very long one. */
  readonly header: Buffer;
  /** All of it, if all is returned. */
  readonly whole: Buffer | undefined;
}

/**
 * Reads what is returned of a message: all if that is wanted, if it has no more octets than `limit`, and if a part of a
 * message may have such lines.
 */
export async function readReturned(
  original: Message,
  wanted: { readonly full: boolean; readonly limit: number },
): Promise<Returned> {
  const mayBeWhole = wanted.full && original.size <= wanted.limit;
  const octets = new HeaderOctets();
  for await (const chunk of original.read()) {
    octets.add(chunk);
    const isRead = octets.end !== undefined || octets.length > MAX_HEADER;
    if (isRead && !mayBeWhole) break;
  }
  const { all, end = all.length } = octets;
  const isLegal = mayBeWhole && encodingOf(all.toString("latin1")) !== "encoded";
  return { header: cut(all.subarray(0, end)), whole: isLegal ? all : undefined };
}

/** The lines of a header that are within the limit. */
function cut(header: Buffer): Buffer {
  if (header.length <= MAX_HEADER) return header;
  const end = header.lastIndexOf("\r\n", MAX_HEADER);
  return header.subarray(0, end < 0 ? MAX_HEADER : end + 2);
}

/**
 * The part with what is returned.
 *
 * @param utf8 whether the report has the forms of RFC 6533
 */
export function returnedPart({ header, whole }: Returned, utf8: boolean): Part {
  const isGlobal = utf8 && encodingOf(header.toString("latin1")) !== "7bit";
  if (whole === undefined) {
    const type = isGlobal ? "message/global-headers" : "text/rfc822-headers";
    return encodedPart(type, "Header of the message", header);
  }
  const content = whole.toString("latin1");
  return {
    type: isGlobal ? "message/global" : "message/rfc822",
    description: "The message",
    encoding: encodingOf(content) === "7bit" ? "7bit" : "8bit",
    content,
  };
}
