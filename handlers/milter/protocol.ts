/**
 * The protocol between a mail server and a milter, version 6, as Sendmail's libmilter speaks it: packets of a length of
 * four octets, a letter, and data. Pure functions, without sockets.
 * @module
 */
import { Buffer } from "node:buffer";
import { FilterFault } from "../filters/failure.ts";

/** The version that is spoken. Older milters answer with theirs. */
export const VERSION = 6;

/** The letters of what the server sends. */
export const COMMAND = {
  abort: "A",
  body: "B",
  connect: "C",
  macros: "D",
  endOfBody: "E",
  helo: "H",
  header: "L",
  mail: "M",
  endOfHeader: "N",
  negotiate: "O",
  quit: "Q",
  recipient: "R",
  data: "T",
  unknown: "U",
} as const;

/** What a milter may be allowed to do at the end of a message. */
export const ACTION = {
  addHeaders: 0x1,
  changeBody: 0x2,
  addRecipients: 0x4,
  deleteRecipients: 0x8,
  changeHeaders: 0x10,
  quarantine: 0x20,
  changeSender: 0x40,
  addRecipientsWithParameters: 0x80,
  nameMacros: 0x100,
} as const;

/** What a milter may ask to be spared, and how it wants to be told. */
export const STEP = {
  noConnect: 0x1,
  noHelo: 0x2,
  noMail: 0x4,
  noRecipients: 0x8,
  noBody: 0x10,
  noHeaders: 0x20,
  noEndOfHeader: 0x40,
  silentHeaders: 0x80,
  noUnknown: 0x100,
  noData: 0x200,
  skip: 0x400,
  refusedRecipients: 0x800,
  silentConnect: 0x1000,
  silentHelo: 0x2000,
  silentMail: 0x4000,
  silentRecipients: 0x8000,
  silentData: 0x10000,
  silentUnknown: 0x20000,
  silentEndOfHeader: 0x40000,
  silentBody: 0x80000,
  leadingSpace: 0x100000,
} as const;

/** All flags of a table. */
export const allOf = (flags: Readonly<Record<string, number>>): number =>
  Object.values(flags).reduce((all, flag) => all | flag, 0);

/** The most octets of a body in one packet. */
export const CHUNK = 65_535;
/** The most octets of a packet that is taken: a milter may send a header field of this size. */
const LONGEST = 1 << 20;

/** A packet. */
export interface Packet {
  /** Its letter. */
  readonly letter: string;
  readonly data: Buffer;
}

const NOTHING = Buffer.alloc(0);

/** The octets of a packet. */
export function packet(letter: string, data: Uint8Array = NOTHING): Buffer {
  const octets = Buffer.allocUnsafe(5 + data.length);
  octets.writeUInt32BE(1 + data.length, 0);
  octets.write(letter, 4, "latin1");
  octets.set(data, 5);
  return octets;
}

/** Texts as C has them: each ends with a NUL, and has none. */
export const texts = (all: readonly string[], encoding: "utf8" | "latin1" = "utf8"): Buffer =>
  Buffer.from(all.map((one) => `${one.replaceAll("\0", "")}\0`).join(""), encoding);

/**
 * The texts of a packet's data.
 *
 * @throws {FilterFault} if they are fewer than `least` or more than `most`, or the last one does not end
 */
export function readTexts(
  data: Buffer,
  least: number,
  most: number,
  encoding: "utf8" | "latin1" = "utf8",
): string[] {
  const all = data.toString(encoding).split("\0");
  if (all.pop() !== "" || all.length < least || all.length > most) {
    throw new FilterFault("it sent a packet with texts that do not end, or too few or too many");
  }
  return all;
}

/** Cuts packets out of what comes from a milter. */
export class PacketReader {
  #pieces: Uint8Array[] = [];
  #length = 0;
  /** The length of the next packet with all of its parts; 0 as long as it is unknown. */
  #wanted = 0;

  /** Octets that wait to be read. */
  get waiting(): number {
    return this.#length;
  }

  add(octets: Uint8Array): void {
    this.#pieces.push(octets);
    this.#length += octets.length;
  }

  /**
   * The next packet; `undefined` as long as it is not complete.
   *
   * @throws {FilterFault} for a packet that is empty or too long
   */
  next(): Packet | undefined {
    if (this.#wanted === 0) {
      if (this.#length < 4) return undefined;
      const length = this.#whole().readUInt32BE(0);
      if (length === 0 || length > LONGEST) {
        throw new FilterFault(
          `it sent a packet of ${length} octets: this is no milter, or an ill one`,
        );
      }
      this.#wanted = 4 + length;
    }
    if (this.#length < this.#wanted) return undefined;
    const whole = this.#whole();
    const data = whole.subarray(5, this.#wanted);
    const rest = whole.subarray(this.#wanted);
    this.#pieces = rest.length === 0 ? [] : [rest];
    this.#length = rest.length;
    this.#wanted = 0;
    return { letter: String.fromCharCode(whole[4]!), data };
  }

  #whole(): Buffer {
    const whole = this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces);
    this.#pieces = [whole];
    return Buffer.from(whole.buffer, whole.byteOffset, whole.length);
  }
}
