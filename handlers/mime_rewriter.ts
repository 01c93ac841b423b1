/**
 * The way through a MIME message (RFC 2046 section 5.1).
 *
 * `mailsplit` is of no use here: it ends with an error where a message has too many parts or too long a header, and
 * mail must not get lost; and it keeps a line, however long, in memory, copying it again for each chunk.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { Header } from "postmaster";
import { Armor } from "./armor.ts";
import { charsetOf } from "./charset.ts";
import { FlowedText } from "./flowed_text.ts";
import { escapeHtml } from "./html_entity.ts";
import { HtmlText } from "./html_text.ts";
import { masked } from "./masked_scanner.ts";
import { Base64Lines } from "./mime_base64.ts";
import { HeldLines, type PartRewriter } from "./mime_held_lines.ts";
import { identity } from "./mime_identity.ts";
import type { Output } from "./mime_output.ts";
import { type Part, partOf } from "./mime_part.ts";
import { quotedPrintable } from "./mime_quoted_printable.ts";
import { WordScanner } from "./word_scanner.ts";
import type { Words } from "./words.ts";

const LF = 0x0a;
const DASH = 0x2d;

/** How deep multiparts may stand in each other; deeper ones are left alone. */
const MAX_DEPTH = 20;
/** Octets of a header; a part with a longer one is left alone. */
const MAX_HEADER = 256 * 1024;

/** An open multipart. */
interface Open {
  readonly boundary: string;
  readonly digest: boolean;
}

/** Takes a message line by line, and rewrites the texts in it. */
export class MimeRewriter {
  readonly #words: Words;
  readonly #output: Output;
  /** The multiparts that we are in, the innermost last. */
  #open: Open[] = [];
  /** The header that we are in. */
  #header: Buffer[] | undefined = [];
  #headerSize = 0;
  /** The text that we are in. */
  #part: PartRewriter | undefined;
  #lineStarts = true;
  #stopped = false;

  constructor(words: Words, output: Output) {
    this.#words = words;
    this.#output = output;
  }

  /** A line with its end, or a piece of a long one. */
  line(line: Buffer): void {
    if (this.#stopped) return this.#output.keep(line);
    const starts = this.#lineStarts;
    this.#lineStarts = line.at(-1) === LF;
    if (starts && line[0] === DASH && line[1] === DASH && this.#atBoundary(line)) {
      return this.#output.keep(line);
    }
    if (this.#header !== undefined) this.#inHeader(line, starts);
    else if (this.#part !== undefined) this.#part.line(line);
    else this.#output.keep(line);
  }

  /** The message is over. */
  end(): void {
    this.#part?.end();
  }

  /** From here on nothing is changed any more. */
  stop(): void {
    this.#part?.stop();
    this.#part = undefined;
    this.#stopped = true;
  }

  #atBoundary(line: Buffer): boolean {
    const text = withoutSpace(line);
    const at = this.#open.findLastIndex(({ boundary }) =>
      text === `--${boundary}` || text === `--${boundary}--`
    );
    if (at < 0) return false;
    this.#part?.end();
    this.#part = undefined;
    const closed = text !== `--${this.#open[at]!.boundary}`;
    this.#open.length = closed ? at : at + 1;
    this.#header = closed ? undefined : [];
    this.#headerSize = 0;
    return true;
  }

  #inHeader(line: Buffer, starts: boolean): void {
    this.#output.keep(line);
    const over = starts && (line[0] === LF || (line[0] === 0x0d && line[1] === LF));
    this.#headerSize += line.length;
    if (this.#headerSize <= MAX_HEADER) this.#header!.push(line);
    if (!over) return;
    const header = new Header(Buffer.concat(this.#header!), this.#headerSize <= MAX_HEADER);
    this.#header = undefined;
    this.#enter(partOf(header, this.#open.at(-1)?.digest ?? false));
  }

  #enter(part: Part): void {
    if (part.kind === "text") this.#part = this.#rewriter(part);
    if (part.kind === "multipart" && this.#open.length < MAX_DEPTH) this.#open.push(part);
  }

  #rewriter(part: Part & { readonly kind: "text" }): PartRewriter | undefined {
    const { encoding, html, delSp } = part;
    const charset = charsetOf(part.charset);
    if (charset === undefined) return undefined;
    const ascii = encoding === "7bit" || /^(us-)?ascii$/i.test(part.charset);
    const write = html ? escapeHtml : String;
    const words = new WordScanner(this.#words, { charset, ascii, write });
    const mask = html ? new HtmlText() : delSp ? new FlowedText() : undefined;
    const scanner = masked(new Armor(), mask === undefined ? words : masked(mask, words));
    switch (encoding) {
      case "7bit":
      case "8bit":
      case "binary":
        return new HeldLines(identity, scanner, this.#output);
      case "quoted-printable":
        return new HeldLines(quotedPrintable, scanner, this.#output);
      case "base64":
        return new Base64Lines(scanner, this.#output);
      default:
        return undefined;
    }
  }
}

/** A line without white space at its end. */
function withoutSpace(line: Buffer): string {
  let end = line.length;
  while (end > 0 && [0x20, 0x09, 0x0d, LF].includes(line[end - 1]!)) end--;
  return line.toString("latin1", 0, end);
}
