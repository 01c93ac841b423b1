/**
 * Finds the replies of a server in what it sends (RFC 5321 section 4.2.1).
 * @module
 */
import { LF, text } from "../smtp/ascii.ts";
import { assembleReply, parseReplyLine, type ReplyLine, type WireReply } from "../smtp/reply.ts";
import { ProtocolFault } from "./fault.ts";

/** The most octets of a line; RFC 5321 section 4.5.3.1.5 allows 512, and some servers send more. */
const LONGEST_LINE = 4096;
/** The most octets of a reply with all its lines. */
const LARGEST_REPLY = 65_536;
/** The most octets of replies that wait; no transaction has so many. */
const MOST_WAITING = 262_144;

/** What a reply counts besides its octets. */
const LEAST = 64;

/** Takes the octets as they come, and gives whole replies. Its memory is bounded. */
export class Replies {
  /** The beginning of a line. */
  #rest = new Uint8Array(0);
  #lines: ReplyLine[] = [];
  #octets = 0;
  readonly #ready: { readonly reply: WireReply; readonly size: number }[] = [];
  #waiting = 0;

  /** Whether anything has come that nobody has asked for. */
  get isEmpty(): boolean {
    return this.#ready.length === 0 && this.#lines.length === 0 && this.#rest.length === 0;
  }

  /** The next reply, if it is complete. */
  take(): WireReply | undefined {
    const next = this.#ready.shift();
    this.#waiting -= next?.size ?? 0;
    return next?.reply;
  }

  /** @throws {ProtocolFault} for what is no reply, or too long */
  add(chunk: Uint8Array): void {
    let start = 0;
    for (let end; (end = chunk.indexOf(LF, start)) >= 0; start = end + 1) {
      this.#line(this.#joined(chunk.subarray(start, end)));
      this.#rest = new Uint8Array(0);
    }
    if (start < chunk.length) this.#rest = this.#joined(chunk.subarray(start)).slice();
  }

  #joined(part: Uint8Array): Uint8Array<ArrayBuffer> {
    const length = this.#rest.length + part.length;
    this.#octets += part.length;
    if (length > LONGEST_LINE || this.#octets > LARGEST_REPLY) {
      throw new ProtocolFault("its reply is too long");
    }
    if (this.#rest.length === 0) return part as Uint8Array<ArrayBuffer>;
    const whole = new Uint8Array(length);
    whole.set(this.#rest);
    whole.set(part, this.#rest.length);
    return whole;
  }

  #line(octets: Uint8Array): void {
    // What is not printable ASCII must reach no log and no bounce as it is.
    const line = text(octets).replace(/\r$/, "").replace(/[^\t\x20-\x7e]/g, "?");
    const parsed = parseReplyLine(line);
    if (parsed === undefined) {
      throw new ProtocolFault(
        `it answered what is no reply: ${JSON.stringify(line.slice(0, 100))}`,
      );
    }
    this.#lines.push(parsed);
    if (!parsed.last) return;
    const reply = assembleReply(this.#lines);
    if (reply === undefined) throw new ProtocolFault("the lines of its reply have different codes");
    const size = this.#octets + LEAST;
    this.#waiting += size;
    if (this.#waiting > MOST_WAITING) throw new ProtocolFault("it answers too often");
    this.#ready.push({ reply, size });
    this.#lines = [];
    this.#octets = 0;
  }
}
