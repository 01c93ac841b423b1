/**
 * The structure of a MIME message (RFC 2046 section 5.1).
 *
 * `mailsplit` is of no use here: it ends with an error where a message has too many parts or too long a header, and
 * mail must not get lost; and it keeps a line, however long, in memory, copying it again for each chunk.
 * @module
 */
import { Buffer } from "node:buffer";
import { Header } from "../message/fields.ts";
import { BlockCutter } from "./blocks.ts";
import { type MimeLimit, PartHead } from "./part_head.ts";

/** How deep parts may stand in each other. */
export const MAX_DEPTH = 20;
/** Parts of a message. */
const MAX_PARTS = 1000;
/** Octets of a header. */
const MAX_HEADER = 256 * 1024;

/** Receives a message in its pieces, in order. All octets that it receives are the message, as it was sent. */
export interface MimeSink {
  /** A part begins: its header has been received. */
  begin(part: PartHead): void;
  /** Octets of the part that has begun last, in its transfer encoding: whole lines, or pieces of a long one. */
  content(octets: Buffer): void;
  /** The part that has begun last is over. What is in it, in a multipart, are parts of their own. */
  end(): void;
  /** All else: headers, boundaries, and what stands behind the last one of a multipart. */
  structure(octets: Buffer): void;
}

/** How a message is read. */
export interface MimeOptions {
  /** Whether a multipart is taken apart; without it, each one is. */
  readonly enter?: ((part: PartHead) => boolean) | undefined;
  /**
   * Reads it as the programs do that take most for MIME: of two fields the last one is meant, a line that only begins
   * with a boundary is one, and a header ends with the first line that is no field.
   */
  readonly loose?: boolean | undefined;
}

/** Where a message stands in another one. */
export interface MimeRoot {
  /** Its path: `1.2` for the second part of the first. */
  readonly path: string;
  /** How deep it stands. */
  readonly depth: number;
  /** Counts all parts. */
  readonly count: { parts: number };
}

/** An open multipart. */
interface Open {
  readonly path: string;
  readonly boundaries: readonly string[];
  /** What its parts are if they do not say it. */
  readonly fallback: string | undefined;
  parts: number;
}

/** What a line of a boundary means. */
interface Delimiter {
  /** How many multiparts are open behind it. */
  readonly depth: number;
  /** A part follows. */
  readonly begins: boolean;
}

/** Takes a message in chunks, and tells its structure. Its memory is bounded, whatever comes. */
export class MimeParser {
  readonly #sink: MimeSink;
  readonly #options: MimeOptions;
  readonly #root: MimeRoot;
  readonly #blocks = new BlockCutter((block) => this.#block(block));
  /** The multiparts that we are in, the innermost last. */
  #open: readonly Open[] = [];
  /** Their boundaries, as lines without white space at the end; of two that are the same, the innermost one's. */
  #delimiters = new Map<string, Delimiter>();
  /** The header that we are in. */
  #header: Buffer[] | undefined = [];
  #headerSize = 0;
  /** We are in the content of a part. */
  #inPart = false;
  /** The next block begins with the beginning of a line. */
  #lineStarts = true;

  /** A parser of a message, or of one that stands at `root` in another. */
  constructor(sink: MimeSink, options: MimeOptions = {}, root?: MimeRoot) {
    this.#sink = sink;
    this.#options = options;
    this.#root = root ?? { path: "1", depth: 0, count: { parts: 0 } };
  }

  /** Takes octets of the message. */
  write(chunk: Uint8Array): void {
    this.#blocks.write(chunk);
  }

  /** The message is over. */
  end(): void {
    this.#blocks.end();
    this.#leave();
  }

  /** Whole lines, or a piece of a long one. */
  #block(block: Buffer): void {
    const text = block.toString("latin1");
    let done = 0;
    let line = this.#lineStarts ? 0 : endOfLine(text, 0);
    while ((line = this.#nextLine(text, line)) < text.length) {
      const end = endOfLine(text, line);
      const delimiter = this.#delimiterAt(text, line, end);
      if (delimiter !== undefined) {
        this.#pass(block.subarray(done, line));
        this.#leave();
        this.#sink.structure(block.subarray(line, end));
        this.#atDelimiter(delimiter);
        done = end;
      } else if (this.#header !== undefined) {
        const isEmpty = text[line] === "\n" || text.startsWith("\r\n", line);
        if (isEmpty || this.#options.loose && !IN_HEADER.test(text.slice(line, end))) {
          this.#pass(block.subarray(done, done = isEmpty ? end : line));
          this.#endHeader();
        }
      }
      line = end;
    }
    this.#pass(block.subarray(done));
    this.#lineStarts = text.endsWith("\n");
  }

  /** The next line from this one on that may change where we are: in a header each, else what looks like a delimiter. */
  #nextLine(text: string, line: number): number {
    if (this.#header !== undefined) return line;
    if (this.#open.length === 0) return text.length;
    if (text.startsWith("--", line)) return line;
    const next = text.indexOf("\n--", line) + 1;
    return next === 0 ? text.length : next;
  }

  #delimiterAt(text: string, start: number, end: number): Delimiter | undefined {
    if (!text.startsWith("--", start)) return undefined;
    const line = withoutSpace(text.slice(start, end));
    const delimiter = this.#delimiters.get(line);
    if (delimiter !== undefined || !this.#options.loose) return delimiter;
    let longest = "";
    for (const [each] of this.#delimiters) {
      if (each.length > longest.length && line.startsWith(each)) longest = each;
    }
    return this.#delimiters.get(longest);
  }

  #atDelimiter({ depth, begins }: Delimiter): void {
    if (depth < this.#open.length) this.#in(this.#open.slice(0, depth));
    this.#header = begins ? [] : undefined;
    this.#headerSize = 0;
    if (!begins || this.#root.count.parts <= MAX_PARTS) return;
    this.#header = undefined;
    this.#begin(new PartHead(new Header(new Uint8Array(0)), { path: this.#nextPath() }), "parts");
    this.#in([]);
  }

  /** These multiparts are open now. */
  #in(open: readonly Open[]): void {
    this.#open = open;
    this.#delimiters = new Map(
      open.flatMap(({ boundaries }, i) =>
        boundaries.flatMap((boundary): [string, Delimiter][] => [
          [`--${boundary}`, { depth: i + 1, begins: true }],
          [`--${boundary}--`, { depth: i + 1, begins: false }],
        ])
      ),
    );
  }

  #pass(octets: Buffer): void {
    if (octets.length === 0) return;
    if (this.#inPart) return this.#sink.content(octets);
    this.#sink.structure(octets);
    if (this.#header === undefined) return;
    this.#headerSize += octets.length;
    if (this.#headerSize <= MAX_HEADER) this.#header.push(octets);
  }

  /** The part is over, though it may be all header. */
  #leave(): void {
    if (this.#header !== undefined) this.#endHeader();
    if (this.#inPart) this.#sink.end();
    this.#inPart = false;
  }

  #endHeader(): void {
    const octets = this.#header!.length === 1 ? this.#header![0]! : Buffer.concat(this.#header!);
    const header = new Header(octets, this.#headerSize <= MAX_HEADER);
    this.#header = undefined;
    const { fallback } = this.#open.at(-1) ?? {};
    const path = this.#nextPath();
    const part = new PartHead(header, { path, fallback, last: this.#options.loose });
    const isMultipart = part.limit === undefined && part.type.startsWith("multipart/");
    if (!isMultipart || this.#options.enter?.(part) === false) return this.#begin(part);
    const boundaries = part.boundaries.filter(isBoundary);
    if (boundaries.length === 0) return this.#begin(part, "boundary");
    if (this.#root.depth + this.#open.length >= MAX_DEPTH) return this.#begin(part, "depth");
    this.#begin(part);
    const inside = part.type === "multipart/digest" ? "message/rfc822" : undefined;
    this.#in([...this.#open, { path, boundaries, fallback: inside, parts: 0 }]);
  }

  #begin(part: PartHead, limit: MimeLimit | undefined = part.limit): void {
    part.limit = limit;
    this.#root.count.parts++;
    this.#inPart = true;
    this.#sink.begin(part);
  }

  #nextPath(): string {
    const parent = this.#open.at(-1);
    return parent === undefined ? this.#root.path : `${parent.path}.${++parent.parts}`;
  }
}

/** A line of a header: a field, or one that goes on with it. */
const IN_HEADER = /^(?:[ \t]|[!-9;-~]+[ \t]*:)/;

/** Section 5.1.1 of RFC 2046 allows 70 characters; a few more do no harm. */
const isBoundary = (text: string): boolean => /^[ -~]{0,199}[!-~]$/.test(text);

/** Behind the LF of a line. */
function endOfLine(text: string, from: number): number {
  const lf = text.indexOf("\n", from);
  return lf < 0 ? text.length : lf + 1;
}

/** A line without the white space at its end. */
function withoutSpace(line: string): string {
  let end = line.length;
  while (end > 0 && " \t\r\n".includes(line[end - 1]!)) end--;
  return line.slice(0, end);
}
