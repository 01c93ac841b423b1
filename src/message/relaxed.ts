/**
 * The canonicalization "relaxed" of DKIM (RFC 6376 section 3.4): what stays the same when servers on the way fold fields
 * anew, or take white space away.
 * @module
 */
import { CR, HT, LF, SP } from "../smtp/ascii.ts";

/**
 * A field of a header, without its CRLF (section 3.4.2): `subject:Hello you`.
 *
 * @param raw the value as it was sent
 */
export function relaxedField(name: string, raw: string): string {
  const value = raw.replace(/\r?\n/g, "").replace(/[ \t]+/g, " ").replace(/^ | $/g, "");
  return `${name.toLowerCase()}:${value}`;
}

/** Canonical octets that are gathered before they are emitted. */
const GATHERED = 16 * 1024;
/** A run of more octets is emitted as it is, without a copy. */
const LONG = 1024;

/** A body (section 3.4.4), which comes in pieces. */
export class RelaxedBody {
  readonly #emit: (octets: Uint8Array) => void;
  /** Line ends that have come: those at the end of a body do not count. */
  #lineEnds = 0;
  /** White space has come, which does not count at the end of a line. */
  #isSpace = false;
  /** A CR has come, which an LF makes a line end. */
  #isCr = false;
  #isEmpty = true;
  readonly #out = new Uint8Array(GATHERED);
  #length = 0;

  /** @param emit receives the canonical body, in pieces that it may not keep */
  constructor(emit: (octets: Uint8Array) => void) {
    this.#emit = emit;
  }

  /** Takes a piece. */
  add(piece: Uint8Array): void {
    for (let i = 0; i < piece.length;) {
      const isClear = !this.#isCr && !this.#isSpace && this.#lineEnds === 0;
      const end = isClear ? endOfRun(piece, i) : i;
      if (end > i) {
        this.#run(piece.subarray(i, end));
        i = end;
      } else {
        this.#take(piece[i++]!);
      }
    }
    this.#flush();
  }

  /** The body is over. One that is not empty ends with a line end. */
  end(): void {
    if (this.#isCr) this.#content(CR);
    if (!this.#isEmpty) this.#lineEnd();
    this.#flush();
  }

  #take(octet: number): void {
    if (this.#isCr) {
      this.#isCr = false;
      if (octet === LF) {
        this.#lineEnds++;
        this.#isSpace = false;
        return;
      }
      this.#content(CR);
    }
    if (octet === SP || octet === HT) this.#isSpace = true;
    else if (octet === CR) this.#isCr = true;
    else this.#content(octet);
  }

  #content(octet: number): void {
    for (; this.#lineEnds > 0; this.#lineEnds--) this.#lineEnd();
    if (this.#isSpace) this.#put(SP);
    this.#isSpace = false;
    this.#isEmpty = false;
    this.#put(octet);
  }

  /** Octets that stay as they are. */
  #run(octets: Uint8Array): void {
    this.#isEmpty = false;
    if (octets.length > LONG) {
      this.#flush();
      this.#emit(octets);
    } else {
      if (this.#length + octets.length > GATHERED) this.#flush();
      this.#out.set(octets, this.#length);
      this.#length += octets.length;
    }
  }

  #lineEnd(): void {
    this.#put(CR);
    this.#put(LF);
  }

  #put(octet: number): void {
    if (this.#length === GATHERED) this.#flush();
    this.#out[this.#length++] = octet;
  }

  #flush(): void {
    if (this.#length > 0) this.#emit(this.#out.subarray(0, this.#length));
    this.#length = 0;
  }
}

/** The position after the last octet that is no white space and has nothing before it that is to be changed. */
function endOfRun(piece: Uint8Array, start: number): number {
  let end = start;
  for (let i = start; i < piece.length;) {
    const octet = piece[i]!;
    if (octet > SP) end = ++i;
    else if (octet === SP && piece[i + 1]! > SP) i++;
    else if (octet === CR && piece[i + 1] === LF) i += 2;
    else break;
  }
  return end;
}
