/**
 * The header of a message (RFC 5322 section 2.2).
 * @module
 */
import { Buffer } from "node:buffer";
import libmime from "libmime";
import { lower } from "../smtp/ascii.ts";

/** The octets of a field that are decoded. More would take long, and nobody reads them. */
const MAX_TEXT = 16 * 1024;
/** The encoded words of a field that are decoded: one in a rare charset takes as long as 10 KB of text. */
const MAX_WORDS = 250;

/** One field of a header. */
export class HeaderField {
  /** The name as it is written. */
  readonly name: string;
  /** The value as it was sent, folded, one character for each octet, without the last CRLF. */
  readonly raw: string;

  /** Makes a field of its name and its value as it was sent. */
  constructor(name: string, raw: string) {
    this.name = name;
    this.raw = raw;
    Object.freeze(this);
  }

  /**
   * The value for people: unfolded (RFC 5322 section 2.2.3), encoded words decoded (RFC 2047), without white space
   * around it. Octets outside of ASCII are UTF-8 (RFC 6532), or Latin-1 if they are not valid UTF-8. A value longer
   * than 16 KiB is cut; encoded words after the 250th stay encoded.
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

/** A header. The case of names does not matter. */
export class Header {
  /** The octets of the header, with the empty line after it. */
  readonly size: number;
  /** False if the header is longer than the part that was read, which is in this object. */
  readonly complete: boolean;
  readonly #octets: Buffer;
  #text: string | undefined;

  /**
   * Makes a header of its octets.
   *
   * @param octets the header, with its empty line if it has one
   */
  constructor(octets: Uint8Array, complete = true) {
    this.#octets = Buffer.from(octets.buffer, octets.byteOffset, octets.length);
    this.size = octets.length;
    this.complete = complete;
    Object.freeze(this);
  }

  /** The first field of that name. */
  first(name: string): HeaderField | undefined {
    return this.#fields([name]).next().value?.field;
  }

  /** All fields of that name, or of one of several names, the uppermost first. */
  all(...names: readonly string[]): readonly HeaderField[] {
    return Object.freeze(Array.from(this.#fields(names), ({ field }) => field));
  }

  /** The octets of the header without the fields of these names; all other octets stay. */
  without(names: readonly string[]): Uint8Array {
    return this.#changed(names, () => "");
  }

  /** The octets of the header with new names for fields, given by their old names; all other octets stay. */
  renamed(names: Readonly<Record<string, string>>): Uint8Array {
    const others = new Map(Object.entries(names).map(([old, name]) => [lower(old), name]));
    return this.#changed(
      [...others.keys()],
      (name, rest) => `${others.get(lower(name))}${rest}`,
    );
  }

  /** The octets of the header with other values, as they are sent, for the fields of these names; the rest stays. */
  withValues(names: readonly string[], change: (raw: string) => string): Uint8Array {
    return this.#changed(names, (name, rest) => {
      const [, colon = "", raw = "", end = ""] = /^([ \t]*:)([^]*?)(\r?\n)?$/.exec(rest) ?? [];
      return name + colon + change(raw) + end;
    });
  }

  /**
   * The octets with the fields of these names replaced by the result of `change`, which receives the name and the
   * text after it.
   */
  #changed(names: readonly string[], change: (name: string, rest: string) => string): Uint8Array {
    const text = this.#latin1;
    const pieces: string[] = [];
    let kept = 0;
    for (const { start, end, field: { name } } of this.#fields(names)) {
      pieces.push(text.slice(kept, start), change(name, text.slice(start + name.length, end)));
      kept = end;
    }
    return Buffer.from(pieces.join("") + text.slice(kept), "latin1");
  }

  /** The fields of these names. It creates no others, because a header can have a hundred thousand. */
  *#fields(names: readonly string[]): Generator<Placed, undefined> {
    const known = names.filter((name) => /^[!-9;-~]+$/.test(name));
    if (known.length === 0) return;
    const text = this.#latin1;
    const any = known.map((name) => name.replace(/\W/g, "\\$&")).join("|");
    for (const found of text.matchAll(new RegExp(`^(${any})[ \\t]*:`, "gim"))) {
      const { 0: beginning, 1: name = "", index: start } = found;
      if (start > 0 && text[start - 1] !== "\n") continue; // after a CR, which does not end a line
      const end = endOfField(text, start);
      const raw = text.slice(start + beginning.length, end).replace(/\r?\n$/, "");
      yield { start, end, field: new HeaderField(name, raw) };
    }
  }

  get #latin1(): string {
    return this.#text ??= this.#octets.toString("latin1");
  }
}

/** A field, and the place of its lines in the text of a header. */
interface Placed {
  readonly start: number;
  readonly end: number;
  readonly field: HeaderField;
}

/** The position after the field: after the first LF without white space after it. */
function endOfField(text: string, start: number): number {
  for (let lf = text.indexOf("\n", start); lf >= 0; lf = text.indexOf("\n", lf + 1)) {
    if (text[lf + 1] !== " " && text[lf + 1] !== "\t") return lf + 1;
  }
  return text.length;
}
