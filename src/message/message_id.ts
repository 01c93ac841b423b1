/**
 * The name that a message has for everybody: its field `Message-ID` (RFC 5322 section 3.6.4).
 * @module
 */
import { Buffer } from "node:buffer";
import type { KeptMessage } from "./kept.ts";

const FIELD = /^message-id[ \t]*:[ \t]*(?:\r\n[ \t]+)?([^\r\n]{1,998})/im;

/** The content of `Message-ID`, if it stands in the first chunk of a message. */
export async function messageIdOf(message: Pick<KeptMessage, "read">): Promise<string | undefined> {
  for await (const chunk of message.read()) {
    const end = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).indexOf("\r\n\r\n");
    const header = Buffer.from(chunk.buffer, chunk.byteOffset, end === -1 ? chunk.length : end);
    return FIELD.exec(header.toString("latin1"))?.[1]?.trim();
  }
  return undefined;
}
