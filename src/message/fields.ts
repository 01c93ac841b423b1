/**
 * The header of a message (RFC 5322 section 2.2), to look things up in.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import libmime from "libmime";
import { lower } from "../smtp/ascii.ts";

/** Octets of a field that are decoded; more is for nobody to read, and would take long. */
const MAX_TEXT = 16 * 1024;
/** Encoded words of a field that are decoded: one in a rare charset takes as long as 10 KB of text. */
const MAX_WORDS = 250;

/** One field of a header. */
export class HeaderField {
  /** The name as it is written. */
  readonly name: string;
  /** The value as it was sent, folded, one character an octet, without the last CRLF. */
  readonly raw: string;

  /** Makes a field of its name, and its value as it was sent. */
  constructor(name: string, raw: string) {
    this.name = name;
    this.raw = raw;
  }

  /**
   * The value as people read it: unfolded (RFC 5322 section 2.2.3), encoded words decoded (RFC 2047), without white
   * space around it. Octets that are not ASCII are UTF-8 (RFC 6532), or Latin-1 if they are no UTF-8. Of a value
   * longer than 16 KiB, only the beginning; of more than 250 encoded words, the further ones as they are.
   */
  get text(): string {
    const octets = Buffer.from(this.raw.slice(0, MAX_TEXT).replace(/[\r\n]+/g, ""), "latin1");
    const utf8 = octets.toString("utf8");
    const value = utf8.includes("\ufffd") ? octets.toString("latin1") : utf8;
    const next = value.matchAll(/=\?[^?]+\?[BbQq]\?/g).drop(MAX_WORDS).next().value;
    const end = next?.index ?? value.length;
    return (libmime.decodeWords(value.slice(0, end)) + value.slice(end)).trim();
  }
}

/** A header. Names are looked up without regard to case. */
export class Header {
  /** Octets that it takes up, with the empty line below it. */
  readonly size: number;
  /** False if it is longer than was read: then this is only its beginning. */
  readonly complete: boolean;
  readonly #octets: Buffer;
  #fields: ReadonlyMap<string, readonly HeaderField[]> | undefined;

  /**
   * Makes a header of its octets.
   *
   * @param octets the header, with its empty line if it has one
   */
  constructor(octets: Uint8Array, complete = true) {
    this.#octets = Buffer.from(octets.buffer, octets.byteOffset, octets.length);
    this.size = octets.length;
    this.complete = complete;
  }

  /** The first field of that name. */
  first(name: string): HeaderField | undefined {
    return this.all(name)[0];
  }

  /** All fields of that name, the uppermost first. */
  all(name: string): readonly HeaderField[] {
    this.#fields ??= Map.groupBy(
      linesOf(this.#octets).flatMap((line) => fieldIn(line) ?? []),
      (field) => lower(field.name),
    );
    return this.#fields.get(lower(name)) ?? [];
  }

  /** The octets of the header without the fields of these names; all others are as they were. */
  without(names: readonly string[]): Uint8Array {
    const dropped = new Set(names.map(lower));
    return this.#changed((line, { name }) => dropped.has(lower(name)) ? "" : line);
  }

  /** The octets of the header with other names for fields, by their old ones; all else is as it was. */
  renamed(names: Readonly<Record<string, string>>): Uint8Array {
    const others = new Map(Object.entries(names).map(([old, name]) => [lower(old), name]));
    return this.#changed((line, { name }) => {
      const other = others.get(lower(name));
      return other === undefined ? line : other + line.slice(name.length);
    });
  }

  #changed(change: (line: string, field: HeaderField) => string): Uint8Array {
    const lines = linesOf(this.#octets).map((line) => {
      const field = fieldIn(line);
      return field === undefined ? line : change(line, field);
    });
    return Buffer.from(lines.join(""), "latin1");
  }
}

/** The fields with their line ends, and what is between and below them. */
const linesOf = (octets: Buffer): string[] => octets.toString("latin1").split(/(?<=\n)(?![ \t])/);

function fieldIn(line: string): HeaderField | undefined {
  const [beginning = "", name] = /^([!-9;-~]+)[ \t]*:/.exec(line) ?? [];
  if (name === undefined) return undefined;
  return new HeaderField(name, line.slice(beginning.length).replace(/\r?\n$/, ""));
}
