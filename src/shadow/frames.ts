/**
 * How the server writes to a shadow: pieces of messages, and JSON for all else. Each frame is its length, a mark and
 * the octets.
 * @module
 */
import { Octets } from "../base/octets.ts";

/** The length in four octets, and the number of the session, or {@linkcode TEXT}. */
const HEAD = 8;
/** In the place of a session: the frame is JSON. */
const TEXT = 0xffff_ffff;

/** A frame that was read: JSON, or a piece of the message of a session. */
export type Frame = { readonly text: string } | {
  readonly session: number;
  readonly piece: Uint8Array;
};

const encoder = new TextEncoder();

/** Frames, gathered to be written at once. */
export class Gathering {
  #octets = new Uint8Array(64 * 1024);
  #view = new DataView(this.#octets.buffer);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  text(text: string): void {
    this.#room(HEAD + 3 * text.length);
    const { written } = encoder.encodeInto(text, this.#octets.subarray(this.#length + HEAD));
    this.#head(written, TEXT);
  }

  piece(session: number, piece: Uint8Array): void {
    this.#room(HEAD + piece.length);
    this.#octets.set(piece, this.#length + HEAD);
    this.#head(piece.length, session);
  }

  /** All that was gathered; there is nothing more then. */
  take(): Uint8Array<ArrayBuffer> {
    const all = this.#octets.slice(0, this.#length);
    this.#length = 0;
    return all;
  }

  #head(length: number, mark: number): void {
    this.#view.setUint32(this.#length, length);
    this.#view.setUint32(this.#length + 4, mark);
    this.#length += HEAD + length;
  }

  #room(more: number): void {
    if (this.#length + more <= this.#octets.length) return;
    const larger = new Uint8Array(2 * (this.#length + more));
    larger.set(this.#octets.subarray(0, this.#length));
    this.#octets = larger;
    this.#view = new DataView(larger.buffer);
  }
}

/** The frames in what is read. */
export async function* framesIn(input: AsyncIterable<Uint8Array>): AsyncIterable<Frame> {
  const held = new Octets();
  for await (const chunk of input) {
    held.add(chunk);
    while (held.length >= HEAD) {
      const { all } = held;
      const view = new DataView(all.buffer, all.byteOffset);
      const length = view.getUint32(0);
      if (held.length < HEAD + length) break;
      const payload = all.subarray(HEAD, HEAD + length);
      const session = view.getUint32(4);
      if (session === TEXT) yield { text: new TextDecoder().decode(payload) };
      else yield { session, piece: payload.slice() };
      held.drop(HEAD + length);
    }
  }
}
