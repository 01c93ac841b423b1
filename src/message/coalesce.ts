/**
 * Fewer, bigger chunks.
 * @module
 */
import { Chunks } from "./chunks.ts";

/** The same bytes in chunks of at least `size`, except the last: a small message is one chunk. */
export async function* coalesce(
  body: AsyncIterable<Uint8Array>,
  size: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const waiting = new Chunks();
  for await (const chunk of body) {
    waiting.add(chunk);
    if (waiting.length >= size) yield waiting.take();
  }
  if (waiting.length > 0) yield waiting.take();
}
