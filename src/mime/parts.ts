/**
 * The parts of a message, one after the other, as it streams by.
 * @module
 */
import { Buffer } from "node:buffer";
import { yieldToOthers } from "../base/turn.ts";
import { MAX_BLOCK } from "./blocks.ts";
import { type Decode, decodeOf } from "./decode.ts";
import { MAX_DEPTH, MimeParser, type MimeRoot, type MimeSink } from "./parser.ts";
import { PartHead } from "./part_head.ts";

/** A part of a message. */
export interface MimePart extends PartHead {
  /**
   * Its content without its transfer encoding; of a multipart, what stands before its first part; of a message, nothing. It can be read once,
   * before the next part is asked for: what was not read by then is skipped.
   */
  readonly content: AsyncIterable<Uint8Array>;
}

/** How the parts of a message are read. */
export interface PartsOptions {
  /**
   * Reads the message as the programs do that take most for MIME: of two fields the last one is meant, not the first;
   * a line that only begins with a boundary is one; a header ends with the first line that is no field; and an encoded
   * multipart is decoded. Who must not miss anything reads a message both ways.
   */
  readonly loose?: boolean | undefined;
}

/**
 * The parts of a message in the order in which they stand in it: the message itself, and all that is in its multiparts
 * (RFC 2046 section 5.1) and in messages in it (`message/rfc822`). It reads no more than it is asked for, and needs
 * little memory, whatever comes. What it does not look into has a `limit`: parts 20 deep, all that follows the 1000th
 * part, headers of more than 256 KiB.
 *
 * ```ts
 * import { on, parts, say } from "postmaster";
 *
 * export default on("Deliver", async (event, next) => {
 *   const names: string[] = [];
 *   for await (const part of parts(event.body)) names.push(...part.fileNames);
 *   return say(5, 5, 4, `no files, please: ${names.length}`, "5.7.1");
 * });
 * ```
 *
 * It consumes the body: {@linkcode inspect} keeps one that is handed on later.
 */
export async function* parts(
  body: AsyncIterable<Uint8Array>,
  { loose = false }: PartsOptions = {},
): AsyncGenerator<MimePart, void, undefined> {
  const pump = new Pump(body, loose);
  try {
    for (;;) {
      const happened = await pump.next();
      if (happened === undefined) return;
      if (!(happened instanceof PartHead)) continue; // of a part that was not read to its end
      yield Object.assign(happened, { content: contentOf(happened, pump, pump.begun) });
    }
  } finally {
    await pump.close();
  }
}

/** The content of a part, which was the one that began as this one of all. */
async function* contentOf(
  { path }: PartHead,
  pump: Pump,
  which: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (pump.begun !== which) {
    throw new TypeError(
      `the content of part ${path} must be read before the next part is asked for`,
    );
  }
  for (;;) {
    const happened = await pump.next();
    if (!(happened instanceof Buffer)) return;
    yield happened;
  }
}

const OVER = Symbol("the part is over");
/** What comes next in a message: a part, octets of its content, or its end. */
type Happened = PartHead | Buffer | typeof OVER;

/** Reads a message as far as it is asked. */
class Pump {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #reader: PartReader;
  readonly #happened: Happened[] = [];
  #at = 0;
  #chunk: Uint8Array = new Uint8Array(0);
  #ended = false;
  /** How many parts have begun. */
  begun = 0;

  constructor(body: AsyncIterable<Uint8Array>, loose: boolean) {
    this.#source = body[Symbol.asyncIterator]();
    this.#reader = new PartReader((happened) => this.#happened.push(happened), loose);
  }

  async next(): Promise<Happened | undefined> {
    while (this.#at === this.#happened.length) {
      if (this.#ended) return undefined;
      this.#happened.length = this.#at = 0;
      await this.#read();
    }
    const happened = this.#happened[this.#at++]!;
    if (happened instanceof PartHead) this.begun++;
    return happened;
  }

  async close(): Promise<void> {
    if (!this.#ended) await this.#source.return?.();
    this.#ended = true;
  }

  async #read(): Promise<void> {
    if (this.#chunk.length === 0) {
      const { done, value } = await this.#source.next();
      if (done) {
        this.#ended = true;
        return this.#reader.close();
      }
      this.#chunk = value;
    }
    this.#reader.write(this.#chunk.subarray(0, MAX_BLOCK));
    this.#chunk = this.#chunk.subarray(MAX_BLOCK);
    await yieldToOthers();
  }
}

/** Types of parts that are messages: RFC 2046 section 5.2.1, RFC 6532 section 3.7. */
const MESSAGES: ReadonlySet<string> = new Set(["message/rfc822", "message/global"]);

const NOTHING = Buffer.alloc(0);

/** Reads the parts of a message, and of those in it. */
class PartReader implements MimeSink {
  readonly #tell: (happened: Happened) => void;
  readonly #loose: boolean;
  readonly #root: MimeRoot;
  readonly #parser: MimeParser;
  #decode: Decode = decodeOf("");
  #rest: Buffer = NOTHING;
  /** Reads the message that the part is. */
  #inner: PartReader | undefined;

  constructor(tell: (happened: Happened) => void, loose: boolean, root?: MimeRoot) {
    this.#tell = tell;
    this.#loose = loose;
    this.#root = root ?? { path: "1", depth: 0, count: { parts: 0 } };
    const enter = (part: PartHead) => !this.#isEncoded(part);
    this.#parser = new MimeParser(this, { loose, enter }, this.#root);
  }

  write(octets: Uint8Array): void {
    this.#parser.write(octets);
  }

  close(): void {
    this.#parser.end();
  }

  begin(part: PartHead): void {
    const depth = part.path.split(".").length;
    const isMessage = MESSAGES.has(part.type);
    const hasInner = part.limit === undefined && (isMessage || this.#isEncoded(part));
    if (hasInner && depth >= MAX_DEPTH) part.limit = "depth";
    this.#decode = decodeOf(part.limit === undefined ? part.encoding : "");
    this.#tell(part);
    if (!hasInner || part.limit !== undefined) return;
    this.#tell(OVER);
    const root = { path: `${part.path}.1`, depth, count: this.#root.count };
    this.#inner = new PartReader(this.#tell, this.#loose, root);
    if (isMessage) return;
    const fields = part.header.all("Content-Type").map(({ raw }) => `Content-Type:${raw}\r\n`);
    this.#inner.write(Buffer.from(`${fields.join("")}\r\n`, "latin1"));
  }

  content(raw: Buffer): void {
    this.#take(raw, false);
  }

  end(): void {
    this.#take(NOTHING, true);
    this.#rest = NOTHING;
    if (this.#inner === undefined) return this.#tell(OVER);
    this.#inner.close();
    this.#inner = undefined;
  }

  structure(): void {}

  #take(raw: Buffer, last: boolean): void {
    const all = this.#rest.length === 0 ? raw : Buffer.concat([this.#rest, raw]);
    const { octets, rest } = this.#decode(all, last);
    this.#rest = Buffer.from(rest);
    if (octets.length === 0) return;
    if (this.#inner === undefined) this.#tell(octets);
    else this.#inner.write(octets);
  }

  /** Standards do not allow it, and only some programs decode it. */
  #isEncoded({ type, encoding }: PartHead): boolean {
    return this.#loose && type.startsWith("multipart/") && ENCODED.has(encoding);
  }
}

const ENCODED: ReadonlySet<string> = new Set(["base64", "quoted-printable"]);
