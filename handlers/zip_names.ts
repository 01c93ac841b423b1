/**
 * The names in a zip archive.
 * @module
 */
import { Buffer } from "node:buffer";
import { Inflate } from "fflate";

/** What is in an archive cannot be found out within the bounds. */
export class TooMuch extends Error {
  override readonly name = "TooMuch";
}

/** How deep archives may lie in each other. */
const MAX_DEPTH = 3;
/** Names and archives in archives of one message, and octets that the latter have. */
const MAX_NAMES = 20_000, MAX_ARCHIVES = 100, MAX_OCTETS = 64 * 1024 * 1024;
/** Octets of a name; no system has files with longer ones. */
const MAX_NAME = 4096;
/** Octets that are unpacked at a time. */
const PIECE = 1024;
/** A block without compression has fewer octets than these: who takes as many and gives nothing has ended. */
const SILENCE = 128 * 1024;

/** What is left of the bounds for a message. */
export interface Budget {
  names: number;
  archives: number;
  octets: number;
}

/** The bounds for one message. */
export const budget = (): Budget => ({
  names: MAX_NAMES,
  archives: MAX_ARCHIVES,
  octets: MAX_OCTETS,
});

/** Headers of entries (APPNOTE.TXT sections 4.3.7 and 4.3.12): their size, and where they say how long the name is. */
const LOCAL = { size: 30, lengths: 26 }, CENTRAL = { size: 46, lengths: 28 };
const HEADERS = new Map([[0x0403, LOCAL], [0x0201, CENTRAL]]);
const ENCRYPTED = 1, DEFLATED = 8;

/** Entries that are looked into. */
const ARCHIVE = /\.(?:zip|zipx|jar|war|ear|apk|xpi)[\s.]*$/i;

/**
 * Finds names in what streams by: wherever a header of an entry is, of its own or in the directory, in an archive or in
 * what something else stands before. Archives in it are unpacked, as long as they are neither encrypted nor packed
 * otherwise than by deflate.
 */
export class ZipNames {
  readonly #found: (name: string) => void;
  readonly #budget: Budget;
  readonly #depth: number;
  #rest: Buffer = Buffer.alloc(0);
  #open: readonly Entry[] = [];

  constructor(found: (name: string) => void, left: Budget, depth = 0) {
    this.#found = found;
    this.#budget = left;
    this.#depth = depth;
  }

  /** Takes octets; none if nothing follows. Throws {@linkcode TooMuch}. */
  push(octets: Uint8Array): void {
    const last = octets.length === 0;
    this.#open = this.#open.filter((entry) => last ? entry.end() : entry.push(octets));
    const all = Buffer.concat([this.#rest, octets]);
    let at = all.indexOf("PK");
    while (at >= 0 && this.#header(all, at, last)) at = all.indexOf("PK", at + 2);
    const from = at >= 0 ? at : Math.max(0, all.length - 1);
    this.#rest = all.subarray(from);
    if (last) { for (const entry of this.#open) entry.end(); }
  }

  /** Reads the header that may be there; false if not all of it has come. */
  #header(all: Buffer, at: number, last: boolean): boolean {
    if (at + 4 > all.length) return last;
    const header = HEADERS.get(all.readUInt16LE(at + 2));
    if (header === undefined) return true;
    const start = at + header.size;
    if (start > all.length) return last;
    const end = start + all.readUInt16LE(at + header.lengths);
    const content = end + all.readUInt16LE(at + header.lengths + 2);
    if (content > all.length && !last) return false;
    if (end - start > MAX_NAME) return true;
    if (--this.#budget.names < 0) throw new TooMuch("names");
    const names = [all.subarray(start, end), ...unicodeNames(all.subarray(end, content))].map(text);
    names.forEach(this.#found);
    const packed = header === LOCAL && (all.readUInt16LE(at + 6) & ENCRYPTED) === 0 &&
      all.readUInt16LE(at + 8) === DEFLATED;
    if (packed && names.some((name) => ARCHIVE.test(name))) this.#enter(all.subarray(content));
    return true;
  }

  #enter(packed: Buffer): void {
    if (this.#depth === MAX_DEPTH || --this.#budget.archives < 0) throw new TooMuch("archives");
    const names = new ZipNames(this.#found, this.#budget, this.#depth + 1);
    const entry = new Entry(names, this.#budget);
    if (entry.push(packed)) this.#open = [...this.#open, entry];
  }
}

/** An archive in an archive, which is unpacked wherever it ends: what is said of its size may be wrong. */
class Entry {
  readonly #names: ZipNames;
  readonly #inflate: Inflate;
  #silent = 0;

  constructor(names: ZipNames, left: Budget) {
    this.#names = names;
    this.#inflate = new Inflate((octets) => {
      if (octets.length === 0) return;
      this.#silent = 0;
      left.octets -= octets.length;
      if (left.octets < 0) throw new TooMuch("octets");
      names.push(octets);
    });
  }

  /** Unpacks octets; false if there is nothing more to come. */
  push(packed: Uint8Array): boolean {
    try {
      for (let at = 0; at < packed.length; at += PIECE) {
        const piece = packed.subarray(at, at + PIECE);
        this.#silent += piece.length;
        this.#inflate.push(piece);
      }
    } catch (error) {
      if (error instanceof TooMuch) throw error;
      return this.end();
    }
    return this.#silent < SILENCE || this.end();
  }

  /** Nothing follows. */
  end(): false {
    this.#names.push(new Uint8Array(0));
    return false;
  }
}

/** Names in UTF-8 that stand beside the one in the header (section 4.6.9). */
function* unicodeNames(extra: Buffer): Generator<Buffer> {
  for (let at = 0; at + 4 <= extra.length;) {
    const end = at + 4 + extra.readUInt16LE(at + 2);
    if (extra.readUInt16LE(at) === 0x7075) yield extra.subarray(at + 9, end);
    at = end;
  }
}

function text(name: Buffer): string {
  const utf8 = name.toString("utf8");
  return utf8.includes("\ufffd") ? name.toString("latin1") : utf8;
}
