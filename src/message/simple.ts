/**
 * The canonicalization "simple" of DKIM (RFC 6376 section 3.4.3): a body as it was sent, with one line end at its end.
 * @module
 */
import { CR, LF } from "../smtp/ascii.ts";

const LINE_END = Uint8Array.of(CR, LF);
/** Line ends that are emitted at a time. */
const LINE_ENDS = new Uint8Array(8 * 1024).map((_octet, i) => LINE_END[i % 2]!);

/** A body (section 3.4.3), which comes in pieces. */
export class SimpleBody {
  readonly #emit: (octets: Uint8Array) => void;
  /** Line ends that have come: those at the end of a body do not count. */
  #lineEnds = 0;
  /** A CR has come, which an LF makes a line end. */
  #isCr = false;

  /** @param emit receives the canonical body, in pieces that it may not keep */
  constructor(emit: (octets: Uint8Array) => void) {
    this.#emit = emit;
  }

  /** Takes a piece. */
  add(piece: Uint8Array): void {
    if (piece.length === 0) return;
    let start = 0;
    if (this.#isCr) {
      this.#isCr = false;
      if (piece[0] === LF) {
        this.#lineEnds++;
        start = 1;
      } else {
        this.#release();
        this.#emit(LINE_END.subarray(0, 1));
      }
    }
    let end = piece.length;
    if (end > start && piece[end - 1] === CR) end--;
    const isCr = end < piece.length;
    let content = end;
    while (content - 2 >= start && piece[content - 1] === LF && piece[content - 2] === CR) {
      content -= 2;
    }
    if (content > start) {
      this.#release();
      this.#emit(piece.subarray(start, content));
    }
    this.#lineEnds += (end - content) / 2;
    this.#isCr = isCr;
  }

  /** The body is over. It ends with one line end, also if it is empty. */
  end(): void {
    if (this.#isCr) {
      this.#release();
      this.#emit(LINE_END.subarray(0, 1));
    }
    this.#emit(LINE_END);
  }

  #release(): void {
    for (let octets = this.#lineEnds * 2; octets > 0; octets -= LINE_ENDS.length) {
      this.#emit(LINE_ENDS.subarray(0, octets));
    }
    this.#lineEnds = 0;
  }
}
