/**
 * Transfer encodings (RFC 2045 section 6), decoded piece by piece.
 * @module
 */
import { Buffer } from "node:buffer";

/** What some octets of a part decode to. */
export interface Decoded {
  /** The content. */
  readonly octets: Buffer;
  /**
   * Where each octet of the content begins in what was decoded: its escape, or its group of four characters.
   * `undefined` if all stand where they stood.
   */
  readonly places: Uint32Array | undefined;
  /** How much was decoded. */
  readonly used: number;
  /** The few characters at the end that make no octet before more has come: they go before the next piece. */
  readonly rest: Buffer;
}

/** Decodes a piece of a part. `last` says that no other piece follows. */
export type Decode = (raw: Buffer, last: boolean) => Decoded;

/** Blanks between an `=` and the end of the line that belong to a soft line break; behind more it is none. */
const MAX_BLANKS = 1000;

const NOTHING = Buffer.alloc(0);
const TAB = 0x09, LF = 0x0a, CR = 0x0d, SPACE = 0x20, EQUALS = 0x3d;

/** How the content of a part with that transfer encoding is decoded; what nobody knows stays as it is. */
export function decodeOf(encoding: string): Decode {
  if (encoding === "base64") return decodeBase64;
  return encoding === "quoted-printable" ? decodeQuotedPrintable : asItIs;
}

const asItIs: Decode = (raw) => ({
  octets: raw,
  places: undefined,
  used: raw.length,
  rest: NOTHING,
});

/** Octets as they are gathered, with their places. */
class Gathered {
  readonly octets: Buffer;
  readonly places: Uint32Array;
  length = 0;

  constructor(most: number) {
    this.octets = Buffer.allocUnsafe(most);
    this.places = new Uint32Array(most);
  }

  add(octet: number, place: number): void {
    this.places[this.length] = place;
    this.octets[this.length++] = octet;
  }

  decoded(used: number, rest: Buffer): Decoded {
    const { octets, places, length } = this;
    return { octets: octets.subarray(0, length), places: places.subarray(0, length), used, rest };
  }
}

/** What is no valid escape stands for itself. */
const decodeQuotedPrintable: Decode = (raw, last) => {
  const gathered = new Gathered(raw.length);
  let at = 0;
  while (at < raw.length) {
    const octet = raw[at]!;
    if (octet !== EQUALS) {
      gathered.add(octet, at++);
      continue;
    }
    const most = at + MAX_BLANKS;
    let end = at + 1;
    while (end < most && (raw[end] === SPACE || raw[end] === TAB)) end++;
    if (raw[end] === CR && (raw[end + 1] === LF || end + 1 === raw.length)) end++;
    if (!last && (end >= raw.length || at + 2 >= raw.length)) break;
    if (end >= raw.length || raw[end] === LF) at = end + 1; // a soft line break
    else {
      const value = 16 * hex(raw[at + 1]) + hex(raw[at + 2]);
      gathered.add(value < 0 ? EQUALS : value, at);
      at += value < 0 ? 1 : 3;
    }
  }
  const used = Math.min(at, raw.length);
  return gathered.decoded(used, raw.subarray(used));
};

/** The value of a digit; if it is none, so little that no other one makes up for it. */
function hex(octet: number | undefined): number {
  if (octet === undefined) return -1000;
  if (octet >= 0x30 && octet <= 0x39) return octet - 0x30;
  const letter = octet & ~0x20;
  return letter >= 0x41 && letter <= 0x46 ? letter - 0x37 : -1000;
}

/** The value of each octet in base64; -1 for what is left out. */
const VALUES = new Int8Array(256).fill(-1);
for (const [value, character] of [...Buffer.from(alphabet(), "latin1")].entries()) {
  VALUES[character] = value;
}

function alphabet(): string {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  return `${letters}${letters.toLowerCase()}0123456789+/`;
}

/** Leaves out what is no base64, and goes on behind padding: some programs do. */
const decodeBase64: Decode = (raw, last) => {
  const gathered = new Gathered(Math.ceil(raw.length * 3 / 4));
  const rest = Buffer.alloc(4);
  let group = 0, count = 0, start = 0;
  const add = (octets: number) => {
    for (let i = 0; i < octets; i++) gathered.add(group >> (16 - 8 * i) & 0xff, start);
    group = count = 0;
  };
  for (let at = 0; at < raw.length; at++) {
    const character = raw[at]!;
    const value = VALUES[character]!;
    if (value >= 0) {
      if (count === 0) start = at;
      rest[count] = character;
      group |= value << (18 - 6 * count++);
      if (count === 4) add(3);
    } else if (character === EQUALS && count > 0) add(count - 1);
  }
  if (last && count > 0) add(count - 1);
  return gathered.decoded(count > 0 ? start : raw.length, rest.subarray(0, count));
};
