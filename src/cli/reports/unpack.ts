/**
 * Unpacks compressed reports, which may be bombs.
 * @module
 */
import { Buffer } from "node:buffer";
import { gunzipSync } from "node:zlib";
import { Unzip, UnzipInflate } from "fflate";
import { failureOf } from "../../base/tried.ts";

/** The most octets that a report, and all in an archive, may have. */
export const MOST = 64 * 1024 * 1024;

const TOO_LARGE = `it would have more than ${MOST} octets`;

/** Octets of an archive that are unpacked at a time; they become some 4 MB at most. */
const PIECE = 4096;

/**
 * What gzip has compressed.
 *
 * @throws {Error} if it is broken or too large
 */
export function gunzip(octets: Uint8Array): Uint8Array {
  try {
    return gunzipSync(octets, { maxOutputLength: MOST });
  } catch (error) {
    const { code } = error as { readonly code?: string };
    throw new Error(code === "ERR_BUFFER_TOO_LARGE" ? TOO_LARGE : "its compression is broken");
  }
}

/**
 * The files in a zip archive.
 *
 * @throws {Error} if it is broken or too large
 */
export function unzip(octets: Uint8Array): readonly Uint8Array[] {
  const files: Uint8Array[] = [];
  let left = MOST;
  let open = 0;
  const reader = new Unzip((file) => {
    const pieces: Uint8Array[] = [];
    open++;
    file.ondata = (error, piece, final) => {
      if (error !== null) throw error;
      left -= piece.length;
      if (left < 0) throw new Error(TOO_LARGE);
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
  if (left < 0) throw new Error(TOO_LARGE);
  if (open > 0) throw new Error("its archive is broken");
  return files;
}
