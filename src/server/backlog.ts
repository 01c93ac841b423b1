/**
 * What a client has sent and nobody has looked at yet, in front of a message.
 * @module
 */
import { LineCutter, type TOO_LONG } from "../smtp/lines.ts";
import type { Memory, Part } from "../message/memory.ts";

/**
 * Octets that may wait while a handler thinks; none if memory is full. Less than the runtime reads at once: what waits
 * is copied when more is added to it.
 */
const HIGH_WATER = 32 * 1024;

/** Command lines that wait, in memory that all sessions share. */
export class Backlog extends LineCutter {
  readonly #memory: Memory;
  readonly #part: Part;
  /** Octets to come that are no line. */
  #unwanted = 0;
  #skipped = { size: 0, since: 0 };

  /** The rest is as for {@linkcode LineCutter}. */
  constructor(memory: Memory, cap: number, bareLineFeeds: boolean) {
    super(cap, bareLineFeeds);
    this.#memory = memory;
    this.#part = memory.part();
  }

  /** As long as none of it is taken, the socket should be held. */
  get full(): boolean {
    return this.pending > (this.#memory.full ? 0 : HIGH_WATER);
  }

  override feed(chunk: Uint8Array): void {
    const unwanted = Math.min(this.#unwanted, chunk.length);
    this.#unwanted -= unwanted;
    this.#skipped.size += unwanted;
    super.feed(unwanted === 0 ? chunk : chunk.subarray(unwanted));
    this.#part.hold(this.pending);
  }

  /** What is being left out: its octets so far, and when it began. */
  get skipping(): { readonly size: number; readonly since: number } | undefined {
    return this.#unwanted > 0 ? this.#skipped : undefined;
  }

  /** Leaves out so many octets before the next line, from this time on. */
  skip(octets: number, now: number): void {
    if (octets === 0) return;
    const waiting = this.takeRest();
    this.#unwanted = octets;
    this.#skipped = { size: 0, since: now };
    this.feed(waiting);
  }

  override next(): Uint8Array | typeof TOO_LONG | undefined {
    const line = super.next();
    this.#part.hold(this.pending);
    return line;
  }

  override takeRest(): Uint8Array {
    this.#part.hold(0);
    return super.takeRest();
  }
}
