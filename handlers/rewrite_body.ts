/**
 * Words of a message, rewritten while it streams by.
 * @module
 */
import { readHeader, yieldToOthers } from "postmaster";
import { MimeParser } from "postmaster/making";
import { Output } from "./mime_output.ts";
import { isOpen, MimeRewriter } from "./mime_rewriter.ts";
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
/** Octets that are rewritten before others have their turn. */
const PIECE = 16 * 1024;

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
  const output = new Output();
  const rewriter = new MimeRewriter(new Words(replace), output);
  const parser = new MimeParser(rewriter, { enter: isOpen });
  /** Octets that may come until it is known whether the signatures stay; none once it is. */
  let wait = SEALS.some((name) => header.first(name) !== undefined) ? MAX_WAIT : 0;
  function* ready(isOver: boolean): Generator<Uint8Array> {
    if (wait > 0 && !isOver && !output.changed) return;
    let octets: Uint8Array = output.take();
    if (wait > 0 && output.changed) {
      yield header.without(SEALS);
      octets = octets.subarray(header.size);
      wait = 0;
    }
    if (octets.length > 0) yield octets;
  }
  for await (const chunk of whole) {
    for (let at = 0; at < chunk.length;) {
      const piece = chunk.subarray(at, at + Math.min(PIECE, wait || PIECE));
      parser.write(piece);
      at += piece.length;
      yield* ready(false);
      if (wait > 0 && (wait -= piece.length) === 0) rewriter.stop();
      await yieldToOthers();
    }
  }
  parser.end();
  yield* ready(true);
}
