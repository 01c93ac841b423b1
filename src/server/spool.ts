/**
 * Keeps a message until it has been delivered: a small one in memory, a large one on the disk.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { messageOf } from "../base/message_of.ts";
import type { Message } from "../target/target.ts";
import { type Disk, MessageOnDisk } from "./disk.ts";
import type { Memory, Part } from "./memory.ts";

/** Octets of a message that are kept in memory, if there is memory. */
const IN_MEMORY = 256 * 1024;

/** There is no room for a message, or nowhere to keep it. */
export class SpoolFault extends Error {
  override readonly name = "SpoolFault";
}

/**
 * Does what a file system may refuse, which is no fault of the message's. It is done at once: what would come in
 * meanwhile from all sessions may be more than there is memory for.
 */
function onDisk<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new SpoolFault(messageOf(error), { cause: error });
  }
}

/** A message that has been kept. */
export interface Spooled extends Message {
  /** Gives back what it occupies. */
  dispose(): void;
}

/**
 * Reads `body` to its end and keeps it. What it throws leaves nothing behind.
 *
 * @throws {SpoolFault} if it cannot be kept
 */
export async function spool(
  body: AsyncIterable<Uint8Array>,
  disk: Disk,
  memory: Memory,
): Promise<Spooled> {
  const chunks: Uint8Array[] = [];
  const part = memory.part();
  let size = 0;
  let stored: MessageOnDisk | undefined;
  try {
    for await (const chunk of body) {
      size += chunk.length;
      chunks.push(chunk);
      const mayStay = stored === undefined && size <= IN_MEMORY && !memory.full;
      part.hold(stored === undefined ? size : chunk.length);
      if (mayStay) continue;
      stored ??= new MessageOnDisk(disk);
      for (const waiting of chunks.splice(0)) onDisk(() => stored?.write(waiting));
      part.hold(0);
    }
  } catch (error) {
    part.hold(0);
    stored?.dispose();
    throw error;
  }
  return stored ?? inMemory(chunks, size, part);
}

function inMemory(chunks: readonly Uint8Array[], size: number, part: Part): Spooled {
  const whole = Buffer.concat(chunks, size);
  return {
    size,
    async *read() {
      yield await Promise.resolve(whole);
    },
    dispose: () => part.hold(0),
  };
}
