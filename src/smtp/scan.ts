/**
 * Looks through text for the few octets that matter in it. This is where a server of large messages spends its time.
 * @module
 */
import { CR } from "./ascii.ts";

/** Where in the chunk the first byte lies that begins a word of memory. */
const firstWord = (chunk: Uint8Array): number => -chunk.byteOffset & 3;

/** The bytes from the first word of memory on, four at a time: for {@linkcode endOfText}. */
export function wordsOf(chunk: Uint8Array): Uint32Array {
  const first = firstWord(chunk);
  const count = Math.max(0, chunk.length - first) >> 2;
  return new Uint32Array(chunk.buffer, count === 0 ? 0 : chunk.byteOffset + first, count);
}

/**
 * The first byte at or behind `from` that is CR or below, or the end. Four bytes at a time this is three times as fast
 * as one by one, and `indexOf`, which pays for a call at each line, is no faster than that.
 */
export function endOfText(chunk: Uint8Array, words: Uint32Array, from: number): number {
  const length = chunk.length;
  const first = firstWord(chunk);
  let i = from;
  while (i < length && chunk[i]! > CR) {
    if (((++i - first) & 3) !== 0) continue;
    let word = (i - first) >> 2;
    // A byte less than 14 borrows from its highest bit when 14 is taken away from each.
    for (; word < words.length; word++) {
      const bytes = words[word]!;
      if (((bytes - 0x0e0e0e0e) & ~bytes & 0x80808080) !== 0) break;
    }
    i = (word << 2) + first;
  }
  return i;
}
