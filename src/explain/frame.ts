/**
 * Frames: many parts of sessions as one compressed piece of a file, with the hashes by which they are found in front.
 *
 * ```text
 * mark, length of the hashes, length of the rest   4 octets each
 * first and last time                              8 octets each, milliseconds since the epoch
 * hashes                                           4 octets each, sorted
 * the parts, JSON, a line each, in Zstandard
 * ```
 *
 * @module
 */
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";

/** Parts of sessions that are written together. */
export interface Batch {
  /** JSON, a line each. */
  readonly text: string;
  /** When the first session began, and the last part ended. */
  readonly first: number;
  readonly last: number;
  readonly hashes: Uint32Array;
}

/** What a frame says of itself. */
export interface FrameHead {
  readonly hashes: number;
  readonly octets: number;
  readonly first: number;
  readonly last: number;
}

/** The octets of a head. */
export const HEAD = 28;
/** `PMX1`, in the order of the machine's octets. */
const MARK = 0x31584d50;
/** Hashes that are no more than these are looked up in memory, so that a broken file costs none. */
const MOST = 256 * 1024 * 1024;

const LEVEL = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/** A frame with these parts. */
export function frameOf({ text, first, last, hashes }: Batch): Uint8Array {
  const parts = zstdCompressSync(text, LEVEL);
  const sorted = new Uint32Array(new Set(hashes.toSorted()));
  const frame = new Uint8Array(HEAD + sorted.byteLength + parts.length);
  const view = new DataView(frame.buffer);
  view.setUint32(0, MARK, true);
  view.setUint32(4, sorted.byteLength, true);
  view.setUint32(8, parts.length, true);
  view.setFloat64(12, first, true);
  view.setFloat64(20, last, true);
  frame.set(new Uint8Array(sorted.buffer), HEAD);
  frame.set(parts, HEAD + sorted.byteLength);
  return frame;
}

/** The head in these octets; `undefined` if there is none. */
export function headOf(octets: Uint8Array): FrameHead | undefined {
  if (octets.length < HEAD) return undefined;
  const view = new DataView(octets.buffer, octets.byteOffset);
  const [mark, hashes, length] = [0, 4, 8].map((at) => view.getUint32(at, true));
  if (mark !== MARK || hashes! + length! > MOST) return undefined;
  return {
    hashes: hashes!,
    octets: length!,
    first: view.getFloat64(12, true),
    last: view.getFloat64(20, true),
  };
}

/** The lines of a frame; none if it is broken. */
export function linesOf(parts: Uint8Array): string[] {
  try {
    return zstdDecompressSync(parts).toString().split("\n").slice(0, -1);
  } catch {
    return [];
  }
}
