/**
 * How the server and its launcher speak: frames over a Unix socket, one connection for each mailer.
 *
 * A frame is a letter, the number of octets that follow, and these. What the server sends to the mailer's standard
 * input is acknowledged, so that the launcher never holds more than one piece of it, and still hears a signal
 * while a mailer does not read.
 *
 * @module
 */

import { Buffer } from "node:buffer";

/** The letters. */
export const FRAME = {
  /** To the launcher: the key, and what is to be run, as JSON. The first frame. */
  order: "o",
  /** To the launcher: octets for the standard input. */
  input: "i",
  /** To the launcher: that was all. */
  end: "e",
  /** To the launcher: the name of a signal. */
  signal: "s",
  /** From the launcher: the process id. */
  started: "p",
  /** From the launcher: why nothing was started. */
  refused: "r",
  /** From the launcher: the input was taken. */
  taken: "t",
  /** From the launcher: the program reads no more. */
  untaken: "u",
  /** From the launcher: octets of its standard output; none for its end. */
  stdout: "1",
  /** From the launcher: octets of its standard error; none for its end. */
  stderr: "2",
  /** From the launcher: how it ended, as JSON. */
  exited: "x",
} as const;

/** A letter. */
export type FrameKind = typeof FRAME[keyof typeof FRAME];

/** One frame. */
export interface Frame {
  readonly kind: string;
  readonly payload: Uint8Array;
}

/** Octets of a letter and a length. */
const HEAD = 5;
/** The most octets of a frame: an order with a thousand recipients has less. */
const LONGEST = 4 * 1024 * 1024;
/** The most octets of a message, or of what a mailer says, in a frame. */
export const PIECE: number = 64 * 1024;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** One end of a connection. */
export class Wire {
  readonly #connection: Deno.Conn;
  readonly #buffer = new Uint8Array(PIECE);
  /** What was received and not read yet. */
  #received: Uint8Array = new Uint8Array(0);
  #sending: Promise<void> = Promise.resolve();

  constructor(connection: Deno.Conn) {
    this.#connection = connection;
  }

  /** Sends a frame, behind those before it. Rejected when nobody is there any more. */
  send(kind: FrameKind, payload: Uint8Array | string = ""): Promise<void> {
    const bytes = typeof payload === "string" ? encoder.encode(payload) : payload;
    const sent = this.#sending.then(() => this.#write(frame(kind, bytes)));
    this.#sending = sent.catch(() => {});
    return sent;
  }

  /** The next frame; `undefined` when there is none any more. */
  async receive(): Promise<Frame | undefined> {
    const head = await this.#read(HEAD);
    if (head === undefined) return undefined;
    const length = new DataView(head.buffer, head.byteOffset).getUint32(1);
    if (length > LONGEST) throw new Error(`a frame of ${length} octets`);
    const payload = await this.#read(length);
    return payload && { kind: String.fromCharCode(head[0]!), payload };
  }

  close(): void {
    try {
      this.#connection.close();
    } catch { /* it is closed */ }
  }

  async #write(bytes: Uint8Array): Promise<void> {
    for (let sent = 0; sent < bytes.length;) {
      sent += await this.#connection.write(bytes.subarray(sent));
    }
  }

  /** So many octets; `undefined` if the connection ends before. */
  async #read(length: number): Promise<Uint8Array | undefined> {
    const pieces = [this.#received];
    let have = this.#received.length;
    while (have < length) {
      const count = await this.#connection.read(this.#buffer).catch(() => null);
      if (count === null) return undefined;
      pieces.push(this.#buffer.slice(0, count));
      have += count;
    }
    const all = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces, have);
    this.#received = all.subarray(length);
    return all.subarray(0, length);
  }
}

function frame(kind: FrameKind, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEAD + payload.length);
  bytes[0] = kind.charCodeAt(0);
  new DataView(bytes.buffer).setUint32(1, payload.length);
  bytes.set(payload, HEAD);
  return bytes;
}

/** The text of a frame. */
export const textOf = ({ payload }: Frame): string => decoder.decode(payload);
