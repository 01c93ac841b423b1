/**
 * A message in chunks for BDAT (RFC 3030).
 * @module
 */
import { Octets } from "../base/octets.ts";

/** The octets of a chunk, but for the last one, at least. */
const CHUNK = 65_536;

/** One chunk. */
export interface Chunk {
  readonly octets: Uint8Array;
  readonly isLast: boolean;
}

/** Cuts a message into chunks, of which the last one says so. */
export async function* chunked(
  message: AsyncIterable<Uint8Array>,
): AsyncGenerator<Chunk, void, undefined> {
  let gathered = new Octets();
  for await (const piece of message) {
    if (gathered.length >= CHUNK) {
      yield { octets: gathered.all, isLast: false };
      gathered = new Octets();
    }
    gathered.add(piece);
  }
  yield { octets: gathered.all, isLast: true };
}
