/**
 * Bodies of messages on their way into the queue, and out of it.
 * @module
 */
import { Chunks } from "../../message/chunks.ts";
import type { KeptMessage } from "../../message/kept.ts";
import { readFile, type Spooled } from "../../message/spool.ts";
import type { Message } from "../../targets/target.ts";

/** A body that may become one of the queue. */
export class QueuedBody implements KeptMessage {
  readonly #spooled: Spooled;
  readonly #path: string;
  /** Whether its file is the queue's. */
  #isQueues = false;

  /** @param path of its file, if it has one */
  constructor(spooled: Spooled, path: string) {
    this.#spooled = spooled;
    this.#path = path;
  }

  get size(): number {
    return this.#spooled.size;
  }

  /** `undefined` if it is in a file. */
  get octets(): Uint8Array | undefined {
    return "octets" in this.#spooled ? this.#spooled.octets : undefined;
  }

  read(): AsyncIterable<Uint8Array> {
    return this.#isQueues ? readFile(this.#path) : this.#spooled.read();
  }

  /** The queue has it. Its file is not open any more, until it is read. */
  committed(): void {
    if (!("close" in this.#spooled)) return;
    this.#isQueues = true;
    this.#spooled.close();
  }

  async dispose(): Promise<void> {
    if (!this.#isQueues) await this.#spooled.dispose();
  }
}

/** The body of a message in the queue. */
export const bodyOf = (octets: Uint8Array | undefined, path: string, size: number): Message => ({
  size: octets?.length ?? size,
  read: () => octets === undefined ? readFile(path) : inMemory(octets),
});

async function* inMemory(octets: Uint8Array): AsyncIterable<Uint8Array> {
  yield await Promise.resolve(octets);
}

/** The first octets of a file. */
export async function firstOf(path: string, octets: number): Promise<Uint8Array> {
  const pieces = new Chunks();
  for await (const piece of readFile(path)) {
    pieces.add(piece);
    if (pieces.length >= octets) break;
  }
  return pieces.take().subarray(0, octets);
}
