/**
 * How the server and its launcher speak: a line over the standard streams at first, then frames over a Unix socket, one
 * connection for each mailer.
 *
 * A frame is a letter, the number of octets that follow, and these octets. The launcher acknowledges what the server
 * sends for the mailer's standard input: so the launcher never holds more than one piece of it, and receives a signal
 * also while a mailer does not read.
 * @module
 */
import { Octets } from "../base/octets.ts";
import { tried } from "../base/tried.ts";

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

export type FrameKind = typeof FRAME[keyof typeof FRAME];

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
export class FrameStream {
  readonly #connection: Deno.Conn;
  readonly #buffer = new Uint8Array(PIECE);
  /** What was received and not read yet. */
  readonly #received = new Octets();
  #sending: Promise<void> = Promise.resolve();

  constructor(connection: Deno.Conn) {
    this.#connection = connection;
  }

  /** Sends a frame after those before it. Rejected when the other end is gone. */
  send(kind: FrameKind, payload: Uint8Array | string = ""): Promise<void> {
    const bytes = typeof payload === "string" ? encoder.encode(payload) : payload;
    const sent = this.#sending.then(() => this.#write(frame(kind, bytes)));
    this.#sending = sent.catch(() => {});
    return sent;
  }

  /** The next frame; `undefined` after the last one. */
  async receive(): Promise<Frame | undefined> {
    const head = await this.#read(HEAD);
    if (head === undefined) return undefined;
    const length = new DataView(head.buffer, head.byteOffset).getUint32(1);
    if (length > LONGEST) throw new Error(`a frame of ${length} octets`);
    const payload = await this.#read(length);
    return payload && { kind: String.fromCharCode(head[0]!), payload };
  }

  close(): void {
    tried(() => this.#connection.close()); // it may be closed already
  }

  async #write(bytes: Uint8Array): Promise<void> {
    for (let sent = 0; sent < bytes.length;) {
      sent += await this.#connection.write(bytes.subarray(sent));
    }
  }

  /** The next `length` octets; `undefined` if the connection ends before. */
  async #read(length: number): Promise<Uint8Array | undefined> {
    while (this.#received.length < length) {
      const count = await this.#connection.read(this.#buffer).catch(() => null);
      if (count === null) return undefined;
      this.#received.add(this.#buffer.slice(0, count));
    }
    const bytes = this.#received.all.subarray(0, length);
    this.#received.drop(length);
    return bytes;
  }
}

function frame(kind: FrameKind, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEAD + payload.length);
  bytes[0] = kind.charCodeAt(0);
  new DataView(bytes.buffer).setUint32(1, payload.length);
  bytes.set(payload, HEAD);
  return bytes;
}

/** The same octets in pieces that fit into frames. */
export function* piecesOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += PIECE) yield bytes.subarray(from, from + PIECE);
}

export const textOf = ({ payload }: Frame): string => decoder.decode(payload);

/** The first line of a stream, which says nothing more for now. Throws an Error with `complaint` if the stream ends. */
export async function firstLine(
  reader: ReadableStreamDefaultReader<string>,
  complaint: string,
): Promise<string> {
  let text = "";
  while (!text.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) throw new Error(complaint);
    text += value;
  }
  return text;
}
