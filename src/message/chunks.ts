/**
 * A queue of chunks of a message.
 * @module
 */
import { Octets } from "../base/octets.ts";

/** Two chunks with fewer octets together become one. */
const FEW = 16 * 1024;

/** A queue of chunks. It merges small chunks, so that its memory and its length depend on the octets in it only. */
export class Chunks {
  #before: Uint8Array[] = [];
  #last = new Octets();
  /** The octets in the queue. */
  length = 0;

  /** Adds a chunk. The queue may keep it: the caller must not write to it any more. */
  add(chunk: Uint8Array): void {
    if (this.#last.length > 0 && this.#last.length + chunk.length > FEW) {
      this.#before.push(this.#last.all);
      this.#last = new Octets();
    }
    this.#last.add(chunk);
    this.length += chunk.length;
  }

  /** Takes the first chunk; `undefined` if there is none. */
  shift(): Uint8Array | undefined {
    const first = this.#before.shift() ?? this.#takeLast();
    this.length -= first?.length ?? 0;
    return first;
  }

  /** Removes all chunks and returns them as one. */
  take(): Uint8Array {
    const all = this.#before;
    const last = this.#takeLast();
    if (last !== undefined) all.push(last);
    const whole = concat(all, this.length);
    this.#before = [];
    this.length = 0;
    return whole;
  }

  #takeLast(): Uint8Array | undefined {
    const { all } = this.#last;
    this.#last = new Octets();
    return all.length > 0 ? all : undefined;
  }
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
