/**
 * Transfer encodings (RFC 2045 section 6), encoded piece by piece.
 * @module
 */
import { Buffer } from "node:buffer";
import libqp from "libqp";
import { CR, LF } from "../smtp/ascii.ts";

/** Encodes a content that comes in pieces. */
export interface Encoder {
  /** What is sent of it so far. */
  encode(octets: Buffer): Buffer;
  /** The rest. */
  end(): Buffer;
}

const CR_BYTE = Buffer.of(CR);
const NOTHING = Buffer.alloc(0);

/** Quoted-printable, for text with CRLF line ends. */
export class QuotedPrintableEncoder implements Encoder {
  #isInLine = false;
  /** The last octet was a CR, which is part of a line end. */
  #endsWithCr = false;

  encode(octets: Buffer): Buffer {
    if (octets.length === 0) return NOTHING;
    const all = this.#endsWithCr ? Buffer.concat([CR_BYTE, octets]) : octets;
    this.#endsWithCr = all.at(-1) === CR;
    const piece = this.#endsWithCr ? all.subarray(0, -1) : all;
    if (piece.length === 0) return NOTHING;
    const goesOn = this.#isInLine && piece[0] !== CR ? "=\r\n" : "";
    this.#isInLine = piece.at(-1) !== LF;
    return Buffer.from(goesOn + libqp.wrap(libqp.encode(piece)), "latin1");
  }

  end(): Buffer {
    return this.#endsWithCr ? Buffer.from("=0D") : NOTHING;
  }
}

/** Octets of a line of base64, which has 76 characters. */
const LINE = 57;

/** Base64, for any octets. */
export class Base64Encoder implements Encoder {
  /** Octets that do not fill a line yet. */
  #rest: Buffer = NOTHING;

  encode(octets: Buffer): Buffer {
    const all = this.#rest.length === 0 ? octets : Buffer.concat([this.#rest, octets]);
    const whole = all.length - all.length % LINE;
    this.#rest = Buffer.from(all.subarray(whole));
    return lines(all.subarray(0, whole));
  }

  end(): Buffer {
    return lines(this.#rest);
  }
}

const lines = (octets: Buffer): Buffer =>
  Buffer.from(octets.toString("base64").replace(/.{1,76}/g, "$&\r\n"), "latin1");
