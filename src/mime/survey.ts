/**
 * What each part of a message needs where nothing but lines of ASCII can pass.
 * @module
 */
import { type Buffer, isAscii } from "node:buffer";
import { CR, LF } from "../smtp/ascii.ts";
import type { PartHead } from "./part_head.ts";
import type { Visitor } from "./walk.ts";

/** The transfer encoding that a part gets; `undefined` if it stays as it is. */
export type Plan = "7bit" | "quoted-printable" | "base64" | undefined;

/** Octets of a line with its CRLF (RFC 5321 section 4.5.3.1.6). */
const LONGEST = 1000;
/** With more octets beyond ASCII than this share, base64 is shorter: quoted-printable makes three of each. */
const MOST_QUOTED = 0.17;
/** Encodings that leave the content as it is. */
const PLAIN: ReadonlySet<string> = new Set(["7bit", "8bit", "binary"]);
const ENCODED: ReadonlySet<string> = new Set(["quoted-printable", "base64"]);
/** Signatures of the whole message (RFC 6376, RFC 8617), which a change of its body breaks. */
const SEALS = ["DKIM-Signature", "ARC-Message-Signature"];
/** Types that may not be encoded: RFC 2046 section 5.2. */
const NEVER_ENCODED = /^(?:multipart\/|message\/(?:rfc822|partial|external-body)$)/;

/** Looks at a message, and plans. */
export class Survey implements Visitor {
  /** For each part in its order. */
  readonly plans: Plan[] = [];
  /** Why the message cannot be changed so. */
  obstacle: string | undefined;
  #part: PartHead | undefined;
  /** Where a signed part is: what is in it must not change. */
  #signed: string | undefined;
  #content = new ContentFacts();

  part(part: PartHead, before: Buffer): void {
    this.#part = part;
    this.#content = new ContentFacts();
    const { header, path } = part;
    if (!isAscii(before.subarray(before.length - header.size))) {
      this.obstacle ??= "a header has octets beyond ASCII";
    }
    if (path === "1" && SEALS.some((name) => header.first(name) !== undefined)) {
      this.obstacle ??= "it is signed";
    }
    if (!this.#isSigned(part) && part.type === "multipart/signed") this.#signed = part.path;
    this.plans.push(PLAIN.has(part.encoding) && part.encoding !== "7bit" ? "7bit" : undefined);
  }

  content(octets: Buffer): void {
    this.#content.add(octets);
  }

  end(): void {
    const part = this.#part!;
    const at = this.plans.length - 1;
    const content = this.#content;
    const isSigned = this.#isSigned(part);
    if (isSigned) this.plans[at] = undefined;
    const isMultipart = part.type.startsWith("multipart/") && part.limit === undefined;
    if (isMultipart || content.isPlain) return;
    if (isSigned) this.obstacle ??= "it is signed";
    const isKnown = PLAIN.has(part.encoding) || ENCODED.has(part.encoding);
    if (part.limit !== undefined || !isKnown || NEVER_ENCODED.test(part.type)) {
      this.obstacle ??= `part ${part.path} cannot be encoded`;
    }
    this.plans[at] = content.isText && content.share < MOST_QUOTED ? "quoted-printable" : "base64";
  }

  between(): void {}

  #isSigned({ path }: PartHead): boolean {
    return this.#signed !== undefined && path.startsWith(`${this.#signed}.`);
  }
}

/** What is in a content. */
class ContentFacts {
  #octets = 0;
  #beyond = 0;
  #line = 0;
  #longest = 0;
  /** The octet before. */
  #previous = LF;
  /** It has a NUL, or a CR or an LF alone. */
  #isBinary = false;

  /** The share of octets beyond ASCII. */
  get share(): number {
    return this.#beyond / Math.max(1, this.#octets);
  }

  /** Lines with CRLF and without NUL. */
  get isText(): boolean {
    return !this.#isBinary && this.#previous !== CR;
  }

  /** 7bit as RFC 2045 section 2.7 has it. */
  get isPlain(): boolean {
    return this.isText && this.#beyond === 0 && Math.max(this.#longest, this.#line) <= LONGEST;
  }

  add(octets: Buffer): void {
    this.#octets += octets.length;
    let previous = this.#previous;
    for (let i = 0; i < octets.length; i++) {
      const octet = octets[i]!;
      if (octet > 0x7f) this.#beyond++;
      if (octet === 0 || (octet === LF) !== (previous === CR)) this.#isBinary = true;
      this.#line++;
      if (octet === LF) {
        if (this.#line > this.#longest) this.#longest = this.#line;
        this.#line = 0;
      }
      previous = octet;
    }
    this.#previous = previous;
  }
}
