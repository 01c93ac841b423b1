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
import { endOfLine, HeldLines, type PartRewriter } from "./mime_held_lines.ts";
import { identity } from "./mime_identity.ts";
import type { Output } from "./mime_output.ts";
import { type Part, partOf } from "./mime_part.ts";
import { quotedPrintable } from "./mime_quoted_printable.ts";
import { WordScanner } from "./word_scanner.ts";
import type { Words } from "./words.ts";

/** How deep multiparts may stand in each other; deeper ones are left alone. */
const MAX_DEPTH = 20;
/** Parts of a message; what follows them is left alone. */
const MAX_PARTS = 1000;
/** Octets of a header; a part with a longer one is left alone. */
const MAX_HEADER = 256 * 1024;

/** An open multipart. */
interface Open {
  readonly boundary: string;
  readonly digest: boolean;
}

/** What a line of a boundary means. */
interface Delimiter {
  /** How many multiparts are open behind it. */
  readonly depth: number;
  /** A part follows. */
  readonly begins: boolean;
}

/** Takes a message in blocks of lines, and rewrites the texts in it. */
export class MimeRewriter {
  readonly #words: Words;
  readonly #output: Output;
  /** The multiparts that we are in, the innermost last. */
  #open: readonly Open[] = [];
  /** Their boundaries, as lines without white space at the end; of two that are the same, the innermost one's. */
  #delimiters = new Map<string, Delimiter>();
  #parts = 0;
  /** The header that we are in. */
  #header: Buffer[] | undefined = [];
  #headerSize = 0;
  /** The text that we are in. */
  #part: PartRewriter | undefined;
  /** The next block begins with the beginning of a line. */
  #lineStarts = true;
  #stopped = false;

  constructor(words: Words, output: Output) {
    this.#words = words;
    this.#output = output;
  }

  /** Whole lines, or a piece of a long one. */
  write(block: Buffer): void {
    const text = block.toString("latin1");
    let done = 0;
    let line = this.#lineStarts ? 0 : endOfLine(text, 0);
    while (!this.#stopped && (line = this.#nextLine(text, line)) < text.length) {
      const end = endOfLine(text, line);
      const delimiter = text.startsWith("--", line)
        ? this.#delimiters.get(withoutSpace(text.slice(line, end)))
        : undefined;
      if (delimiter !== undefined) {
        this.#pass(block.subarray(done, line));
        this.#atDelimiter(delimiter);
        this.#output.keep(block.subarray(line, end));
        done = end;
      } else if (
        this.#header !== undefined && (text[line] === "\n" || text.startsWith("\r\n", line))
      ) {
        this.#pass(block.subarray(done, end));
        this.#endHeader();
        done = end;
      }
      line = end;
    }
    this.#pass(block.subarray(done));
    this.#lineStarts = text.endsWith("\n");
  }

  /** The message is over. */
  end(): void {
    this.#part?.end();
  }

  /** From here on nothing is changed any more. */
  stop(): void {
    this.#part?.stop();
    this.#part = this.#header = undefined;
    this.#stopped = true;
  }

  /** The next line from this one on that may change where we are: in a header each, else what looks like a delimiter. */
  #nextLine(text: string, line: number): number {
    if (this.#header !== undefined) return line;
    if (this.#open.length === 0) return text.length;
    if (text.startsWith("--", line)) return line;
    const next = text.indexOf("\n--", line) + 1;
    return next === 0 ? text.length : next;
  }

  #atDelimiter({ depth, begins }: Delimiter): void {
    this.#part?.end();
    this.#part = undefined;
    if (depth < this.#open.length) this.#in(this.#open.slice(0, depth));
    this.#header = begins ? [] : undefined;
    this.#headerSize = 0;
    if (begins && ++this.#parts > MAX_PARTS) this.stop();
  }

  /** These multiparts are open now. */
  #in(open: readonly Open[]): void {
    this.#open = open;
    this.#delimiters = new Map(open.flatMap(({ boundary }, i): [string, Delimiter][] => [
      [`--${boundary}`, { depth: i + 1, begins: true }],
      [`--${boundary}--`, { depth: i, begins: false }],
    ]));
  }

  #pass(octets: Buffer): void {
    if (octets.length === 0) return;
    if (this.#part !== undefined) return this.#part.write(octets);
    this.#output.keep(octets);
    if (this.#header === undefined) return;
    this.#headerSize += octets.length;
    if (this.#headerSize <= MAX_HEADER) this.#header.push(octets);
  }

  #endHeader(): void {
    const header = new Header(Buffer.concat(this.#header!), this.#headerSize <= MAX_HEADER);
    this.#header = undefined;
    this.#enter(partOf(header, this.#open.at(-1)?.digest ?? false));
  }

  #enter(part: Part): void {
    if (part.kind === "text") this.#part = this.#rewriter(part);
    if (part.kind === "multipart" && this.#open.length < MAX_DEPTH) {
      this.#in([...this.#open, part]);
    }
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

/** A line without the white space at its end. */
function withoutSpace(line: string): string {
  let end = line.length;
  while (end > 0 && " \t\r\n".includes(line[end - 1]!)) end--;
  return line.slice(0, end);
}
