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
    Object.freeze(this);
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

  /** All fields of that name, the uppermost first. */
  all(name: string): readonly HeaderField[] {
    return Object.freeze(Array.from(this.#fields([name]), ({ field }) => field));
  }

  /** The octets of the header without the fields of these names; all others are as they were. */
  without(names: readonly string[]): Uint8Array {
    return this.#changed(names, () => "");
  }

  /** The octets of the header with other names for fields, by their old ones; all else is as it was. */
  renamed(names: Readonly<Record<string, string>>): Uint8Array {
    const others = new Map(Object.entries(names).map(([old, name]) => [lower(old), name]));
    return this.#changed(
      [...others.keys()],
      (name, rest) => `${others.get(lower(name))}${rest}`,
    );
  }

  /** The octets with what `change` makes of the fields of these names, given the name and what follows it. */
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

  /** The fields of these names. It looks for no others: a header can have a hundred thousand. */
  *#fields(names: readonly string[]): Generator<Placed, undefined> {
    const known = names.filter((name) => /^[!-9;-~]+$/.test(name));
    if (known.length === 0) return;
    const text = this.#latin1;
    const any = known.map((name) => name.replace(/\W/g, "\\$&")).join("|");
    for (const found of text.matchAll(new RegExp(`^(${any})[ \\t]*:`, "gim"))) {
      const { 0: beginning, 1: name = "", index: start } = found;
      if (start > 0 && text[start - 1] !== "\n") continue; // behind a CR, which ends no line
      const end = endOfField(text, start);
      const raw = text.slice(start + beginning.length, end).replace(/\r?\n$/, "");
      yield { start, end, field: new HeaderField(name, raw) };
    }
  }

  get #latin1(): string {
    return this.#text ??= this.#octets.toString("latin1");
  }
}

/** A field, and where its lines are in the text of a header. */
interface Placed {
  readonly start: number;
  readonly end: number;
  readonly field: HeaderField;
}

/** Behind the LF that no white space follows: that would go on with the field. */
function endOfField(text: string, start: number): number {
  for (let lf = text.indexOf("\n", start); lf >= 0; lf = text.indexOf("\n", lf + 1)) {
    if (text[lf + 1] !== " " && text[lf + 1] !== "\t") return lf + 1;
  }
  return text.length;
}
