/**
 * The parts of a message and of the messages in it, one after the other, with all octets of the message.
 * @module
 */
import { Buffer } from "node:buffer";
import { CR, LF } from "../smtp/ascii.ts";
import { MAX_DEPTH, MimeParser, type MimeRoot, type MimeSink } from "./parser.ts";
import type { PartHead } from "./part_head.ts";

/** Receives the pieces of a message in their order. */
export interface Visitor {
  /**
   * A part begins.
   *
   * @param before what stands before its content and was not received yet: its header is at the end
   * @param isMessage whether it is a message of its own: the whole one, or one in it
   */
  part(part: PartHead, before: Buffer, isMessage: boolean): void;
  /** Its content, without the line end that belongs to the boundary behind it. */
  content(octets: Buffer): void;
  /** Its content is over; of a multipart, what stands before its first part. */
  end(): void;
  /** What is between parts: boundaries, line ends before them, what nobody reads. */
  between(octets: Buffer): void;
}

/** Octets before a part that are held for {@linkcode Visitor.part}: more than the longest header that is read. */
const MAX_HELD = 512 * 1024;

const NOTHING = Buffer.alloc(0);

/** Takes a message in chunks, which nobody may write to any more, and leads a visitor through it. */
export class Walk implements MimeSink {
  readonly #visitor: Visitor;
  readonly #root: MimeRoot;
  readonly #parser: MimeParser;
  #held: Buffer[] = [];
  #heldSize = 0;
  /** A line end that the content of the part may end with. */
  #lineEnd: Buffer = NOTHING;
  /** The part stands in a multipart. */
  #isInside = false;
  /** The message that the part is. */
  #inner: Walk | undefined;

  constructor(visitor: Visitor, root?: MimeRoot) {
    this.#visitor = visitor;
    this.#root = root ?? { path: "1", depth: 0, count: { parts: 0 } };
    this.#parser = new MimeParser(this, {}, this.#root);
  }

  write(octets: Uint8Array): void {
    this.#parser.write(octets);
  }

  /** The message is over. */
  close(): void {
    this.#parser.end();
    this.#release();
  }

  begin(part: PartHead): void {
    const before = Buffer.concat(this.#held);
    this.#held = [];
    this.#heldSize = 0;
    const { path } = part;
    this.#isInside = path !== this.#root.path;
    this.#visitor.part(part, before, !this.#isInside);
    const depth = path.split(".").length;
    if (part.type !== "message/rfc822" || part.limit !== undefined || depth >= MAX_DEPTH) return;
    this.#visitor.end();
    const root = { path: `${path}.1`, depth, count: this.#root.count };
    this.#inner = new Walk(this.#visitor, root);
  }

  content(octets: Buffer): void {
    if (!this.#isInside) return this.#pass(octets);
    const all = this.#lineEnd.length === 0 ? octets : Buffer.concat([this.#lineEnd, octets]);
    const end = startOfLineEnd(all);
    this.#lineEnd = all.subarray(end);
    if (end > 0) this.#pass(all.subarray(0, end));
  }

  end(): void {
    if (this.#inner === undefined) this.#visitor.end();
    else this.#inner.close();
    this.#inner = undefined;
    if (this.#lineEnd.length > 0) this.#visitor.between(this.#lineEnd);
    this.#lineEnd = NOTHING;
  }

  structure(octets: Buffer): void {
    this.#held.push(octets);
    this.#heldSize += octets.length;
    if (this.#heldSize > MAX_HELD) this.#release();
  }

  #pass(octets: Buffer): void {
    if (this.#inner === undefined) this.#visitor.content(octets);
    else this.#inner.write(octets);
  }

  #release(): void {
    for (const octets of this.#held.splice(0)) this.#visitor.between(octets);
    this.#heldSize = 0;
  }
}

/** Where CRLF, CR or LF at the end begin. */
function startOfLineEnd(octets: Buffer): number {
  const last = octets.length - 1;
  if (octets[last] === CR) return last;
  if (octets[last] !== LF) return octets.length;
  return octets[last - 1] === CR ? last - 1 : last;
}
