/**
 * The signatures of a message: DKIM (RFC 6376) and ARC (RFC 8617). The library mailauth parses fields and verifies
 * them. Here is what it leaves open: bodies in constant memory and headers in linear time, limits, and which results
 * RFC 8601 has for what it finds.
 * @module
 */
import { HeaderOctets } from "../message/header_octets.ts";
import { Examination, type SignatureOptions, type SignaturesFound } from "./examination.ts";

export type { SignatureOptions, SignaturesFound } from "./examination.ts";

/**
 * Octets of a header that are examined. In a longer one, which the server refuses unless it is told not to, nothing is
 * found, not even an author.
 */
const MAX_HEADER = 1024 * 1024;

const NOTHING = new Uint8Array(0);

/** Examines the signatures of one message while the message passes. */
export class SignatureCheck {
  readonly #options: SignatureOptions;
  readonly #header = new HeaderOctets();
  #examination: Examination | undefined;

  constructor(options: SignatureOptions) {
    this.#options = options;
  }

  /** Passes the message on. */
  async *through(message: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of message) {
      await this.#take(chunk);
      yield chunk;
    }
  }

  /** The verdicts, once the message has passed. */
  async found(): Promise<SignaturesFound> {
    this.#examination ??= await this.#begin(this.#header.all);
    return await this.#examination.end();
  }

  async #take(chunk: Uint8Array): Promise<void> {
    if (this.#examination !== undefined) return this.#examination.add(chunk);
    this.#header.add(chunk);
    const { all, end } = this.#header;
    if (end === undefined && all.length <= MAX_HEADER) return;
    this.#examination = await this.#begin(all.subarray(0, end));
    if (end !== undefined) this.#examination.add(all.subarray(end));
  }

  #begin(header: Uint8Array): Promise<Examination> {
    return Examination.begin(header.length > MAX_HEADER ? NOTHING : header, this.#options);
  }
}

/** Reads a message and examines its signatures. */
export async function checkSignatures(
  message: AsyncIterable<Uint8Array>,
  options: SignatureOptions,
): Promise<SignaturesFound> {
  const check = new SignatureCheck(options);
  for await (const _ of check.through(message));
  return await check.found();
}
