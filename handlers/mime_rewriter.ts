/**
 * The texts of a message, and how each is rewritten.
 * @module
 */
import { type Buffer } from "node:buffer";
import type { PartHead } from "postmaster";
import type { MimeSink } from "postmaster/making";
import { charsetOf } from "./charset.ts";
import { HeldText, type PartEncoding, type PartRewriter } from "./held_text.ts";
import { escapeHtml, html } from "./html_text.ts";
import { flowed, openPgp } from "./masks.ts";
import { Base64Rewriter } from "./mime_base64.ts";
import { asItIs, quotedPrintable } from "./mime_lines.ts";
import type { Output } from "./mime_output.ts";
import { WordScanner } from "./word_scanner.ts";
import type { Words } from "./words.ts";

/** Octets of a field that is looked into, and parameters in it. */
const MAX_FIELD = 2048, MAX_PARAMETERS = 20;

const FIELDS = ["Content-Type", "Content-Transfer-Encoding", "Content-Disposition"];
const SEALED: ReadonlySet<string> = new Set(["multipart/signed", "multipart/encrypted"]);

/** A part that is a file, or one of which it is not certain what it is: a field comes twice or has too much in it. */
function isLeftAlone({ limit, header, disposition }: PartHead): boolean {
  if (limit !== undefined || disposition === "attachment") return true;
  const fields = FIELDS.map((name) => header.all(name));
  return fields.some((all) => all.length > 1) ||
    fields.flat().some(({ raw }) =>
      raw.length > MAX_FIELD || raw.split(";").length > MAX_PARAMETERS
    ) ||
    fields[2]!.some(({ raw }) => /\bfilename\b/i.test(raw));
}

/** True for a multipart that may have texts in it. */
export const isOpen = (part: PartHead): boolean => !isLeftAlone(part) && !SEALED.has(part.type);

/** Receives a message, and rewrites the texts in it. */
export class MimeRewriter implements MimeSink {
  readonly #words: Words;
  readonly #output: Output;
  /** The text that we are in. */
  #part: PartRewriter | undefined;
  #stopped = false;

  constructor(words: Words, output: Output) {
    this.#words = words;
    this.#output = output;
  }

  /** From here on nothing is changed any more. */
  stop(): void {
    this.#part?.stop();
    this.#stopped = true;
  }

  begin(part: PartHead): void {
    if (!this.#stopped && !isLeftAlone(part)) this.#part = this.#rewriterOf(part);
  }

  content(octets: Buffer): void {
    if (this.#part === undefined) this.#output.keep(octets);
    else this.#part.write(octets);
  }

  end(): void {
    this.#part?.end();
    this.#part = undefined;
  }

  structure(octets: Buffer): void {
    this.#output.keep(octets);
  }

  #rewriterOf({ type, parameters, charset: name, encoding }: PartHead): PartRewriter | undefined {
    const charset = charsetOf(name);
    const isHtml = type === "text/html";
    if (charset === undefined || !isHtml && type !== "text/plain") return undefined;
    const isFlowed = [parameters["format"], parameters["delsp"]].join().toLowerCase() ===
      "flowed,yes";
    const scanner = new WordScanner(this.#words, {
      charset,
      ascii: encoding === "7bit" || name.endsWith("ascii"),
      write: isHtml ? escapeHtml : String,
      masks: [openPgp(), ...(isHtml ? [html()] : isFlowed ? [flowed()] : [])],
    });
    if (encoding === "base64") return new Base64Rewriter(scanner, this.#output);
    const lines = LINES.get(encoding);
    return lines && new HeldText(lines, scanner, this.#output);
  }
}

const LINES: ReadonlyMap<string, PartEncoding> = new Map([
  ...["7bit", "8bit", "binary"].map((name) => [name, asItIs] as const),
  ["quoted-printable", quotedPrintable],
]);
