/**
 * A message as it is read to be signed.
 * @module
 */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { yieldToOthers } from "../base/turn.ts";
import { Header } from "../message/fields.ts";
import { HeaderOctets } from "../message/header_octets.ts";
import type { Message } from "../message/message.ts";
import { RelaxedBody } from "../message/relaxed.ts";
import { encode } from "../smtp/ascii.ts";
import { inLines } from "../smtp/stuffing.ts";

/** What of a message is signed. */
export interface Signable {
  readonly header: Header;
  /** The SHA-256 of its body in the relaxed form, in base64 (RFC 6376 section 3.7). */
  readonly bodyHash: string;
}

/** Octets between two looks at the sockets: a fraction of a millisecond of work. */
const PIECE = 64 * 1024;

/**
 * Reads a message whose header the server has limited, as its receiver will.
 *
 * @param isBinary whether it leaves with all octets as they are, and not in lines
 * @param isWanted whether a message with that header is to be signed; else its body is not read
 */
export async function readForSigning(
  message: Message,
  isBinary: boolean,
  isWanted: (header: Header) => boolean,
): Promise<Signable | undefined> {
  const beginning = new HeaderOctets();
  const hash = createHash("sha256");
  const body = new RelaxedBody((octets) => hash.update(octets));
  let header: Header | undefined;
  for await (const chunk of isBinary ? message.read() : inLines(message.read())) {
    let rest = chunk;
    if (header === undefined) {
      beginning.add(chunk);
      const { all, end } = beginning;
      if (end === undefined) continue;
      header = new Header(all.subarray(0, end));
      if (!isWanted(header)) return undefined;
      rest = all.subarray(end);
    }
    for (let at = 0; at < rest.length; at += PIECE) {
      body.add(rest.subarray(at, at + PIECE));
      await yieldToOthers();
    }
  }
  body.end();
  header ??= new Header(beginning.all);
  return isWanted(header) ? { header, bodyHash: hash.digest("base64") } : undefined;
}

/** Octets of text with one character for each. */
export const octetsOf = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(Buffer.from(text, "latin1"));

/** The message with fields in ASCII on top. */
export function withFields(fields: string, message: Message): Message {
  const octets = encode(fields);
  return {
    size: octets.length + message.size,
    async *read() {
      yield octets;
      yield* message.read();
    },
  };
}
