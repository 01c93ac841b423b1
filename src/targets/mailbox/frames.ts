/**
 * A message in frames, so that whoever reads it knows whether it is whole: the length of each in four octets, and a
 * length of 0 at the end.
 * @module
 */
import { Octets } from "../../base/octets.ts";
import { MailboxFault } from "./fault.ts";

const HEAD = 4;

/** The message in frames. */
export async function* framed(message: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of message) {
    if (chunk.length === 0) continue;
    yield headFor(chunk.length);
    yield chunk;
  }
  yield headFor(0);
}

function headFor(length: number): Uint8Array {
  const head = new Uint8Array(HEAD);
  new DataView(head.buffer).setUint32(0, length);
  return head;
}

/**
 * The message in these frames.
 *
 * @throws {MailboxFault} after the last octet of a message that is not whole
 */
export async function* unframed(input: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const held = new Octets();
  let expected = 0;
  for await (const chunk of input) {
    held.add(chunk);
    for (;;) {
      if (expected > 0) {
        const bytes = held.all.slice(0, expected);
        if (bytes.length === 0) break;
        held.drop(bytes.length);
        expected -= bytes.length;
        yield bytes;
      } else {
        if (held.length < HEAD) break;
        const { buffer, byteOffset } = held.all;
        expected = new DataView(buffer, byteOffset).getUint32(0);
        held.drop(HEAD);
        if (expected === 0) return;
      }
    }
  }
  throw new MailboxFault("4.3.0", "delivery was interrupted", "the message broke off");
}
