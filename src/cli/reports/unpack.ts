/**
 * Unpacks compressed reports, which may be bombs.
 * @module
 */
import { Buffer } from "node:buffer";
import { gunzipSync } from "node:zlib";
import { Unzip, UnzipInflate } from "fflate";
import { failureOf } from "../../base/tried.ts";

/** The most octets of a file, and of all that is unpacked of it. */
export const MOST = 64 * 1024 * 1024;

const TOO_LARGE = `it would have more than ${MOST} octets`;

/** The room for what is unpacked of one file. */
export class Room {
  /** Octets. */
  left = MOST;

  /**
   * Takes some of it.
   *
   * @throws {Error} if there is not so much
   */
  take(octets: number): void {
    this.left -= octets;
    if (this.left < 0) throw new Error(TOO_LARGE);
  }
}

/** Octets of an archive that are unpacked at a time; they become some 4 MB at most. */
const PIECE = 4096;

/**
 * What gzip has compressed.
 *
 * @throws {Error} if it is broken or too large
 */
export function gunzip(octets: Uint8Array, room: Room): Uint8Array {
  try {
    const whole = gunzipSync(octets, { maxOutputLength: Math.max(1, room.left) });
    room.take(whole.length);
    return whole;
  } catch (error) {
    const { code } = error as { readonly code?: string };
    const isTooLarge = code === "ERR_BUFFER_TOO_LARGE" || room.left < 0;
    throw new Error(isTooLarge ? TOO_LARGE : "its compression is broken");
  }
}

/**
 * The files in a zip archive.
 *
 * @throws {Error} if it is broken or too large
 */
export function unzip(octets: Uint8Array, room: Room): readonly Uint8Array[] {
  const files: Uint8Array[] = [];
  let open = 0;
  const reader = new Unzip((file) => {
    const pieces: Uint8Array[] = [];
    open++;
    file.ondata = (error, piece, final) => {
      if (error !== null) throw error;
      room.take(piece.length);
      pieces.push(piece);
      if (!final) return;
      open--;
      files.push(Buffer.concat(pieces));
    };
    file.start();
  });
  reader.register(UnzipInflate);
  for (let at = 0; at < octets.length; at += PIECE) {
    const push = () => reader.push(octets.subarray(at, at + PIECE), at + PIECE >= octets.length);
    if (failureOf(push) !== undefined) break;
  }
  if (room.left < 0) throw new Error(TOO_LARGE);
  if (open > 0) throw new Error("its archive is broken");
  return files;
}
