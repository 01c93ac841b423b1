/**
 * Words of a message, rewritten while it streams by.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { type Header, readHeader, yieldToOthers } from "postmaster";
import { BlockCutter, MAX_BLOCK } from "./mime_blocks.ts";
import { Output } from "./mime_output.ts";
import { MimeRewriter } from "./mime_rewriter.ts";
import { Words } from "./words.ts";

/** Fields that vouch for the content of a message: RFC 6376, RFC 4870, RFC 8617. */
const SEALS = [
  "DKIM-Signature",
  "DomainKey-Signature",
  "ARC-Seal",
  "ARC-Message-Signature",
  "ARC-Authentication-Results",
];

/** Octets of a signed message that wait for the first change. */
const MAX_WAIT = 256 * 1024;

/**
 * The message with words of its texts replaced: whole words, in their case (no, No and NO become yes, Yes and YES).
 * Texts are the parts text/plain and text/html; what is not changed stays as it is, octet by octet. Attachments,
 * messages in messages, and what is signed or encrypted are left alone.
 *
 * A change breaks the signatures that stand in the header (DKIM, ARC), and so they are dropped with the first one. The
 * beginning of a signed message waits for it; if there is none in the first 256 KiB, nothing is changed behind them.
 *
 * @param replace replacements by the words; reading throws a TypeError if one of them is not one word
 */
export async function* rewriteBody(
  body: AsyncIterable<Uint8Array>,
  replace: Readonly<Record<string, string>>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { header, body: whole } = await readHeader(body);
  if (!header.complete) return yield* whole;
  const rewriting = new Rewriting(new Words(replace), header);
  for await (const chunk of whole) {
    for (let at = 0; at < chunk.length; at += MAX_BLOCK) {
      rewriting.write(chunk.subarray(at, at + MAX_BLOCK));
      yield* rewriting.take();
      await yieldToOthers();
    }
  }
  rewriting.end();
  yield* rewriting.take();
}

const LF = 0x0a;

/** One message that is being rewritten. */
class Rewriting {
  readonly #output = new Output();
  readonly #rewriter: MimeRewriter;
  readonly #blocks: BlockCutter;
  readonly #header: Header;
  /** The message must wait until it is known whether its signatures stay. */
  #waiting: boolean;
  #octets = 0;

  constructor(words: Words, header: Header) {
    this.#header = header;
    this.#rewriter = new MimeRewriter(words, this.#output);
    this.#blocks = new BlockCutter((block) => this.#take(block));
    this.#waiting = SEALS.some((name) => header.first(name) !== undefined);
  }

  write(chunk: Uint8Array): void {
    this.#blocks.write(chunk);
  }

  end(): void {
    this.#blocks.end();
    this.#rewriter.end();
    if (this.#waiting) this.#decide();
  }

  /** What is ready to go out. */
  take(): readonly Buffer[] {
    return this.#waiting ? [] : this.#output.take();
  }

  #take(block: Buffer): void {
    const room = MAX_WAIT - this.#octets;
    this.#octets += block.length;
    if (!this.#waiting || block.length <= room) return this.#rewrite(block);
    const lines = block.lastIndexOf(LF, room - 1) + 1;
    this.#rewrite(block.subarray(0, lines));
    if (this.#waiting) this.#rewriter.stop();
    this.#waiting = false;
    this.#rewrite(block.subarray(lines));
  }

  #rewrite(block: Buffer): void {
    this.#rewriter.write(block);
    if (this.#waiting && this.#output.changed) this.#decide();
  }

  #decide(): void {
    this.#waiting = false;
    if (!this.#output.changed) return;
    const message = Buffer.concat(this.#output.take());
    this.#output.keep(Buffer.from(this.#header.without(SEALS)));
    this.#output.keep(message.subarray(this.#header.size));
  }
}
