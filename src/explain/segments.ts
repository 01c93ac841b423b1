/**
 * The files with what is kept of sessions. Each is only ever appended to, and removed as a whole, the oldest first. All of
 * it is synchronous.
 * @module
 */
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { tried } from "../base/tried.ts";
import { type Batch, frameOf } from "./frame.ts";

/** How much is kept. */
export interface Keeping {
  /** Milliseconds. */
  readonly keep: number;
  /** Octets. */
  readonly size: number;
}

/** A file is the `PIECES`-th part of all that may be kept: so much goes at once. */
const PIECES = 16;
const ENDING = ".sessions";

/** The names of the files in a directory, the oldest first. */
export const segmentsIn = (directory: string): string[] =>
  (tried(() => readdirSync(directory)) ?? []).filter((name) => name.endsWith(ENDING)).sort();

/** The time at which a file was begun, in milliseconds since the epoch. */
export const begunAt = (segment: string): number => Number.parseInt(segment);

/** Writes files. After an error it can go on. */
export class Segments {
  readonly #directory: string;
  readonly #keeping: Keeping;
  #file: number | undefined;
  /** The name of the file that is written, and its octets. */
  #name = "";
  #octets = 0;
  /** The octets of all files. */
  #all = 0;

  constructor(directory: string, keeping: Keeping) {
    this.#directory = directory;
    this.#keeping = keeping;
  }

  /**
   * Writes a batch, and removes what is too old or too much.
   *
   * @param now milliseconds since the epoch
   * @throws {Error} if it cannot be written
   */
  write(batch: Batch, now: number): void {
    const frame = frameOf(batch);
    const { keep, size } = this.#keeping;
    const isFull = this.#octets + frame.length > size / PIECES;
    if (isFull || now - begunAt(this.#name) > keep / PIECES) this.close();
    this.#file ??= this.#begin(now);
    this.#makeRoom(frame.length, now);
    try {
      for (let at = 0; at < frame.length;) at += writeSync(this.#file, frame, at);
    } catch (error) {
      tried(() => ftruncateSync(this.#file!, this.#octets));
      this.close();
      throw error;
    }
    this.#octets += frame.length;
    this.#all += frame.length;
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
    this.#octets = 0;
  }

  #begin(now: number): number {
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
    for (let name = now;; name++) {
      this.#name = `${String(name).padStart(15, "0")}${ENDING}`;
      try {
        const file = openSync(join(this.#directory, this.#name), "ax", 0o600);
        this.#all = this.#sizes().reduce((sum, { octets }) => sum + octets, 0);
        return file;
      } catch (error) {
        if ((error as { readonly code?: string }).code !== "EEXIST") throw error;
      }
    }
  }

  #sizes() {
    return segmentsIn(this.#directory).map((name) => {
      const file = tried(() => statSync(join(this.#directory, name)));
      return { name, octets: file?.size ?? 0, last: file?.mtimeMs ?? 0 };
    });
  }

  /** Removes the oldest files, but not the one that is written. */
  #makeRoom(octets: number, now: number): void {
    const { keep, size } = this.#keeping;
    const isNew = this.#octets === 0;
    if (!isNew && this.#all + octets <= size) return;
    for (const file of this.#sizes()) {
      const isTooOld = file.last < now - keep;
      if (file.name === this.#name || !(isTooOld || this.#all + octets > size)) break;
      rmSync(join(this.#directory, file.name), { force: true });
      this.#all -= file.octets;
    }
  }
}
