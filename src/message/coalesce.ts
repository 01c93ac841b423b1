/**
 * Fewer, bigger chunks.
 *
 * @module
 */

/** The same bytes in chunks of at least `size`, the last one aside: a small message is one chunk. */
export async function* coalesce(
  body: AsyncIterable<Uint8Array>,
  size: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let waiting: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    waiting.push(chunk);
    length += chunk.length;
    if (length < size) continue;
    yield concat(waiting, length);
    waiting = [];
    length = 0;
  }
  if (length > 0) yield concat(waiting, length);
}

/** One array of `length` octets out of several. */
export function concat(chunks: readonly Uint8Array[], length: number): Uint8Array {
  if (chunks.length === 1) return chunks[0]!;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
