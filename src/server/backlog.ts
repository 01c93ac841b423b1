/**
 * What a client has sent and nobody has looked at yet, in front of a message.
 *
 * @module
 */
import { LineCutter, type TOO_LONG } from "../smtp/lines.ts";
import type { Memory, Part } from "./memory.ts";

/** Octets that may wait while a handler thinks; none if memory is full. */
const HIGH_WATER = 64 * 1024;

/** Command lines that wait, in memory that all sessions share. */
export class Backlog {
  readonly #lines: LineCutter;
  readonly #memory: Memory;
  readonly #part: Part;

  /**
   * @param cap octets of a line, CRLF included
   * @param bareLineFeeds whether LF alone ends a line
   */
  constructor(cap: number, memory: Memory, bareLineFeeds: boolean) {
    this.#lines = new LineCutter(cap, bareLineFeeds);
    this.#memory = memory;
    this.#part = memory.part();
  }

  /** Octets that wait. */
  get pending(): number {
    return this.#lines.pending;
  }

  /** As {@linkcode LineCutter.beginning}. */
  get beginning(): Uint8Array {
    return this.#lines.beginning;
  }

  /** As long as none of it is taken, the socket should be held. */
  get full(): boolean {
    return this.pending > (this.#memory.full ? 0 : HIGH_WATER);
  }

  /** As {@linkcode LineCutter.feed}. */
  feed(chunk: Uint8Array): void {
    this.#lines.feed(chunk);
    this.#part.hold(this.pending);
  }

  /** As {@linkcode LineCutter.next}. */
  next(): Uint8Array | typeof TOO_LONG | undefined {
    const line = this.#lines.next();
    this.#part.hold(this.pending);
    return line;
  }

  /** As {@linkcode LineCutter.takeRest}. */
  takeRest(): Uint8Array {
    this.#part.hold(0);
    return this.#lines.takeRest();
  }
}
