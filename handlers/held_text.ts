/**
 * The text of a part, which waits until it is known what becomes of its words.
 * @module
 */
import { Buffer } from "node:buffer";
import type { Decode } from "postmaster/making";
import type { Output } from "./mime_output.ts";
import type { Edit, WordScanner } from "./word_scanner.ts";

/** The content of a part, as it is encoded for the way. */
export interface PartRewriter {
  /** Whole lines, or a piece of a long one. */
  write(raw: Buffer): void;
  /** The part is over. */
  end(): void;
  /** From here on nothing is changed any more. */
  stop(): void;
}

/** How the content of a part is decoded, and encoded where something changes. */
export interface PartEncoding {
  readonly decode: Decode;
  /** All that follows must be encoded anew. */
  readonly changed: boolean;
  /** The last place, up to this one, where the content can be cut in two. */
  cut(raw: Buffer, place: number): number;
  /**
   * What the next piece of the content becomes; `undefined` if it stays. Edits are of the text that the piece decodes
   * to, whose octets begin at these `places` in it.
   */
  edit(raw: Buffer, edits: readonly Edit[], places: Uint32Array | undefined): Buffer | undefined;
  /** What is still missing when all has changed. */
  end(): Buffer;
}

/** Octets that may wait; where more do, something is wrong with the part. */
export const MAX_HELD = 64 * 1024;

const NOTHING = Buffer.alloc(0);

/** Changes what has words to be changed, and passes all else on as it is. */
export class HeldText implements PartRewriter {
  readonly #encoding: PartEncoding;
  readonly #scanner: WordScanner;
  readonly #output: Output;
  /** What waits, and how much of it was decoded. */
  #held: Buffer = NOTHING;
  #decoded = 0;
  /** Where the octets of the text begin in it. `undefined` if each stands for itself. */
  #places: Uint32Array | undefined;
  /** The octets of the text that wait. */
  #start = 0;
  #end = 0;
  #edits: readonly Edit[] = [];
  #stopped = false;

  constructor(encoding: PartEncoding, scanner: WordScanner, output: Output) {
    this.#encoding = encoding;
    this.#scanner = scanner;
    this.#output = output;
  }

  /** What was not decoded yet. */
  get rest(): Buffer {
    return this.#held.subarray(this.#decoded);
  }

  write(raw: Buffer): void {
    this.#take(raw, false);
  }

  end(): void {
    if (this.#stopped) return;
    this.#take(NOTHING, true);
    this.stop();
  }

  stop(): void {
    if (this.#stopped) return;
    if (this.#encoding.changed) {
      this.#release(this.#end);
      this.#output.change(this.#encoding.end());
    } else this.#output.keep(this.#held);
    this.#stopped = true;
  }

  #take(raw: Buffer, last: boolean): void {
    if (this.#stopped) return this.#output.keep(raw);
    const before = this.#decoded;
    this.#held = this.#held.length === 0 ? raw : Buffer.concat([this.#held, raw]);
    const { octets, places, used } = this.#encoding.decode(this.#held.subarray(before), last);
    this.#decoded += used;
    this.#end += octets.length;
    this.#places = places && joined(this.#places, places, before);
    const edits = this.#scanner.push(octets, last);
    this.#edits = this.#edits.length === 0 ? edits : [...this.#edits, ...edits];
    this.#release(last ? this.#end : this.#scanner.settled);
    if (this.#held.length <= MAX_HELD) return;
    if (this.#encoding.changed) this.#release(this.#end);
    else this.stop();
  }

  /** Where an octet of the text begins in what waits. */
  #placeOf(octet: number): number {
    if (octet >= this.#end) return this.#decoded;
    const index = octet - this.#start;
    return this.#places === undefined ? index : this.#places[index]!;
  }

  /** Lets go what lies in front of this octet of the text. A word across a cut holds both sides together. */
  #release(settled: number): void {
    const { cut: cutAt } = this.#encoding;
    let cut = this.#placeOf(settled);
    if (settled < this.#end) cut = cutAt(this.#held, cut);
    let count = this.#edits.length;
    for (; count > 0; count--) {
      const { start, end } = this.#edits[count - 1]!;
      if (this.#placeOf(end - 1) < cut) break;
      const place = this.#placeOf(start);
      if (place < cut) cut = cutAt(this.#held, place);
    }
    if (cut === 0) return;
    const raw = this.#held.subarray(0, cut);
    const edits = this.#edits.slice(0, count)
      .map(({ start, end, by }) => ({ start: start - this.#start, end: end - this.#start, by }));
    const edited = this.#encoding.edit(raw, edits, this.#places);
    if (edited === undefined) this.#output.keep(raw);
    else this.#output.change(edited);
    this.#edits = this.#edits.slice(count);
    this.#held = this.#held.subarray(cut);
    this.#decoded -= cut;
    const kept = this.#places?.findLastIndex((place) => place < cut) ?? cut - 1;
    this.#start += kept + 1;
    this.#places = this.#places?.subarray(kept + 1).map((place) => place - cut);
  }
}

/** Places behind other ones. */
function joined(places: Uint32Array | undefined, more: Uint32Array, by: number): Uint32Array {
  if (by === 0) return more;
  const before = places?.length ?? 0;
  const all = new Uint32Array(before + more.length);
  if (places !== undefined) all.set(places);
  for (let i = 0; i < more.length; i++) all[before + i] = more[i]! + by;
  return all;
}
