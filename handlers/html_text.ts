/**
 * The text of HTML.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { entityIsLetter } from "./html_entity.ts";

/** Stands for markup: no letter in any charset. */
const BLANK = 0x20;
/** Stands for a letter that was written as an entity: whatever touches it is no whole word. */
const LETTER = 0xff;
/** Octets that the longest entity has. */
const MAX_ENTITY = 40;

const BANG = 0x21;
const QUOTE = 0x22;
const HASH = 0x23;
const AMP = 0x26;
const APOSTROPHE = 0x27;
const DASH = 0x2d;
const SLASH = 0x2f;
const SEMICOLON = 0x3b;
const LESS = 0x3c;
const EQUALS = 0x3d;
const GREATER = 0x3e;
const QUESTION = 0x3f;

/** Elements whose content is no text. */
const NO_TEXT: ReadonlySet<string> = new Set(["script", "style"]);

const ANY: readonly number[] = [];
const IN_TEXT = [LESS, AMP], IN_TAG = [GREATER, EQUALS], IN_QUOTES = [QUOTE];
const IN_APOSTROPHES = [APOSTROPHE], IN_DECLARATION = [GREATER], IN_COMMENT = [DASH];
const IN_FOREIGN = [LESS];

type State = "text" | "entity" | "open" | "tag" | "declaration" | "comment" | "foreign";

/**
 * Blanks out all that is no text: tags with their attributes, comments, declarations, scripts, style sheets. The states
 * are those of the HTML standard (section 13.2.5), as far as they matter here. Each octet goes in and out once, an
 * entity only when it is complete.
 */
export class HtmlText {
  #state: State = "text";
  /** The octets since `&`, or the name of the element. */
  #word = "";
  #named = false;
  #closing = false;
  /** The quote that ends the value of an attribute. */
  #quote = 0;
  #afterEquals = false;
  #dashes = 0;
  /** The element without text that we are in. */
  #foreign = "";
  #out: Buffer = Buffer.alloc(0);
  #length = 0;

  push(octets: Buffer): Buffer {
    this.#out = Buffer.allocUnsafe(octets.length + MAX_ENTITY);
    this.#length = 0;
    for (let at = this.#run(octets, 0); at < octets.length; at = this.#run(octets, at + 1)) {
      this.#take(octets[at]!);
    }
    return this.#out.subarray(0, this.#length);
  }

  end(): Buffer {
    this.#out = Buffer.allocUnsafe(MAX_ENTITY);
    this.#length = 0;
    if (this.#state === "entity") this.#endEntity(true);
    return this.#out.subarray(0, this.#length);
  }

  /** Takes octets that change nothing in where we are; gives the first that may. */
  #run(octets: Buffer, from: number): number {
    const [one, other = one] = this.#ends();
    if (one === undefined) return from;
    const text = this.#state === "text";
    const out = this.#out;
    let at = from, to = this.#length;
    for (; at < octets.length; at++) {
      const octet = octets[at]!;
      if (octet === one || octet === other) break;
      out[to++] = text ? octet : BLANK;
    }
    this.#length = to;
    return at;
  }

  /** The only octets that may change where we are; none if it can be any. */
  #ends(): readonly number[] {
    switch (this.#state) {
      case "text":
        return IN_TEXT;
      case "tag":
        if (this.#quote !== 0) return this.#quote === QUOTE ? IN_QUOTES : IN_APOSTROPHES;
        return this.#named && !this.#afterEquals ? IN_TAG : ANY;
      case "declaration":
        return this.#dashes < 0 ? IN_DECLARATION : ANY;
      case "comment":
        return this.#dashes === 0 ? IN_COMMENT : ANY;
      case "foreign":
        return this.#word === "" ? IN_FOREIGN : ANY;
      default:
        return ANY;
    }
  }

  #take(octet: number): void {
    switch (this.#state) {
      case "text":
        return this.#inText(octet);
      case "entity":
        return this.#inEntity(octet);
      case "open":
        return this.#afterLess(octet);
      case "tag":
        this.#inTag(octet);
        break;
      case "declaration":
        this.#inDeclaration(octet);
        break;
      case "comment":
        this.#inComment(octet);
        break;
      case "foreign":
        this.#inForeign(octet);
        break;
    }
    this.#out[this.#length++] = BLANK;
  }

  #inText(octet: number): void {
    if (octet === AMP) {
      this.#state = "entity";
      this.#word = "&";
      return;
    }
    if (octet === LESS) this.#state = "open";
    this.#out[this.#length++] = octet;
  }

  #inEntity(octet: number): void {
    if (octet === SEMICOLON) {
      this.#word += ";";
      return this.#endEntity(entityIsLetter(this.#word));
    }
    if ((isAlphanumeric(octet) || octet === HASH) && this.#word.length < MAX_ENTITY) {
      this.#word += String.fromCharCode(octet);
      return;
    }
    this.#endEntity(true);
    this.#inText(octet);
  }

  /** What is no complete entity may still be taken for one: it counts as a letter. */
  #endEntity(letter: boolean): void {
    const octet = letter && this.#word.length > 1 ? LETTER : BLANK;
    this.#out.fill(octet, this.#length, this.#length += this.#word.length);
    this.#state = "text";
  }

  #afterLess(octet: number): void {
    if (!isLetter(octet) && octet !== SLASH && octet !== BANG && octet !== QUESTION) {
      this.#state = "text";
      return this.#inText(octet);
    }
    this.#state = octet === BANG || octet === QUESTION ? "declaration" : "tag";
    this.#dashes = 0;
    this.#word = isLetter(octet) ? lowerCase(octet) : "";
    this.#closing = octet === SLASH;
    this.#named = this.#afterEquals = false;
    this.#quote = 0;
    if (octet === QUESTION) this.#dashes = -1;
    this.#out[this.#length++] = BLANK;
  }

  #inTag(octet: number): void {
    if (this.#quote !== 0) {
      if (octet === this.#quote) this.#quote = 0;
      return;
    }
    if (octet === GREATER) {
      const foreign = !this.#closing && NO_TEXT.has(this.#word);
      this.#state = foreign ? "foreign" : "text";
      this.#foreign = `</${this.#word}`;
      this.#word = "";
    } else if (!this.#named && !isSpace(octet) && octet !== SLASH) {
      if (this.#word.length < MAX_ENTITY) this.#word += lowerCase(octet);
    } else {
      this.#named = true;
      if (this.#afterEquals && (octet === QUOTE || octet === APOSTROPHE)) this.#quote = octet;
      this.#afterEquals = octet === EQUALS || (this.#afterEquals && isSpace(octet));
    }
  }

  /** `<!` and `<?`; two dashes make it a comment. */
  #inDeclaration(octet: number): void {
    if (octet === GREATER) this.#state = "text";
    else if (octet !== DASH || this.#dashes < 0) this.#dashes = -1;
    else if (++this.#dashes === 2) this.#state = "comment";
  }

  /** Ends with `-->`, also right behind `<!--`, and with `--!>`. */
  #inComment(octet: number): void {
    if (octet === DASH) this.#dashes++;
    else if (octet === GREATER && this.#dashes >= 2) this.#state = "text";
    else if (octet !== BANG || this.#dashes < 2) this.#dashes = 0;
  }

  /** Ends with the end tag. */
  #inForeign(octet: number): void {
    const done = this.#word.length === this.#foreign.length;
    if (done && (isSpace(octet) || octet === SLASH || octet === GREATER)) {
      this.#state = octet === GREATER ? "text" : "tag";
      this.#closing = this.#named = true;
      this.#quote = 0;
      this.#afterEquals = false;
      return;
    }
    const next = this.#word + lowerCase(octet);
    if (this.#foreign.startsWith(next)) this.#word = next;
    else this.#word = octet === LESS ? "<" : "";
  }
}

const isLetter = (octet: number): boolean => (octet & ~0x20) >= 0x41 && (octet & ~0x20) <= 0x5a;
const isAlphanumeric = (octet: number): boolean =>
  isLetter(octet) || (octet >= 0x30 && octet <= 0x39);
const isSpace = (octet: number): boolean =>
  octet === 0x20 || octet === 0x09 || octet === 0x0a || octet === 0x0c || octet === 0x0d;
const lowerCase = (octet: number): string => String.fromCharCode(octet).toLowerCase();
