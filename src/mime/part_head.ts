/**
 * What the header of a part says about its content (RFC 2045, RFC 2183).
 * @module
 */
import type { Header, HeaderField } from "../message/fields.ts";
import { MAX_FIELD, MAX_PARAMETERS, type Parsed, parsed, valuesOf } from "./names.ts";

/**
 * Why a part is not looked into: its header is too long, or a field of it; it is a multipart without a boundary; it
 * lies too deep; or it is all that follows the last part that is counted.
 */
export type MimeLimit = "header" | "boundary" | "depth" | "parts";

/** Fields of one name that are looked at. */
const MAX_FIELDS = 10;

/** Where a part is, and how it is read. */
export interface PartPlace {
  readonly path: string;
  /** What a part is that does not say what it is: in a digest, a message. */
  readonly fallback?: string | undefined;
  /** Of two fields with the same name the last one is meant, not the first. */
  readonly last?: boolean | undefined;
}

/** A part of a message, without its content. */
export class PartHead {
  /** Its place: `1` is the message, `1.2` the second part of that. */
  readonly path: string;
  /** Its header; of the part `1`, that of the message. */
  readonly header: Header;
  /** Why it is not looked into; its content is then all that is in it, as it was sent. */
  limit: MimeLimit | undefined;
  readonly #fallback: string;
  readonly #last: boolean;
  #type: Parsed | undefined;
  #disposition: Parsed | undefined;

  /** What the header of a part says. */
  constructor(header: Header, { path, fallback = "text/plain", last = false }: PartPlace) {
    this.path = path;
    this.header = header;
    this.#fallback = fallback;
    this.#last = last;
    if (!header.complete || header.size > 0 && this.#isTooMuch) this.limit = "header";
  }

  /** The media type in small letters: `text/plain`. */
  get type(): string {
    return this.#parsedType.value || this.#fallback;
  }
  /** The parameters of the type by their names, which are in small letters. */
  get parameters(): Readonly<Record<string, string>> {
    return this.#parsedType.parameters;
  }
  /** The charset of a text in small letters; `us-ascii` if none is said. */
  get charset(): string {
    return this.parameters["charset"]?.trim().toLowerCase() || "us-ascii";
  }
  /** The transfer encoding in small letters; `7bit` if none is said. */
  get encoding(): string {
    return parsed(this.#field("Content-Transfer-Encoding")).value || "7bit";
  }
  /** `attachment`, `inline` or another disposition in small letters; "" if none is said. */
  get disposition(): string {
    return this.#parsedDisposition.value;
  }
  /** The name of the file, of `Content-Disposition` or else of `Content-Type`, decoded. */
  get fileName(): string | undefined {
    return this.fileNames[0];
  }
  /**
   * All names of a file that some program may read there, the most likely one first: RFC 2231, encoded words, the
   * first and the last of several, with and without quotes.
   */
  get fileNames(): readonly string[] {
    const names = [["Content-Disposition", "filename"], ["Content-Type", "name"]].flatMap(
      ([field, parameter]) => this.#all(field!).flatMap((each) => valuesOf(each, parameter!)),
    );
    return [...new Set(names)];
  }
  /** All types that some program may read there: of each `Content-Type`. */
  get types(): readonly string[] {
    return [
      ...new Set([this.type, ...this.#all("Content-Type").map((each) => parsed(each).value)]),
    ];
  }
  /** All boundaries that some program may read there, the most likely one first. */
  get boundaries(): readonly string[] {
    return this.#all("Content-Type").flatMap((each) => valuesOf(each, "boundary"));
  }

  get #parsedType(): Parsed {
    return this.#type ??= parsed(this.#field("Content-Type"));
  }
  get #parsedDisposition(): Parsed {
    return this.#disposition ??= parsed(this.#field("Content-Disposition"));
  }
  get #isTooMuch(): boolean {
    return ["Content-Type", "Content-Disposition", "Content-Transfer-Encoding"].some((name) => {
      const all = this.header.all(name);
      return all.length > MAX_FIELDS ||
        all.some(({ raw }) => raw.length > MAX_FIELD || raw.split(";").length > MAX_PARAMETERS);
    });
  }
  #all(name: string): readonly HeaderField[] {
    return this.header.all(name).slice(0, MAX_FIELDS);
  }
  #field(name: string): HeaderField | undefined {
    return this.#last ? this.header.all(name).at(-1) : this.header.first(name);
  }
}
