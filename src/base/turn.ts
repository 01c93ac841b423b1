/**
 * Turns: long work does not keep the other sessions waiting.
 * @module
 */

/** Milliseconds of work without a look at the sockets. */
const TURN = 5;

/** The time of the last turn of the others. */
let turned = 0;

/**
 * Lets other sessions go on, if they had no turn for a few milliseconds. A handler that works long on a message
 * awaits it after each piece, such as 16 KiB:
 *
 * ```ts
 * import { yieldToOthers } from "postmaster";
 *
 * async function* shout(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
 *   for await (const chunk of body) {
 *     yield chunk.map((octet) => octet >= 0x61 && octet <= 0x7a ? octet - 0x20 : octet);
 *     await yieldToOthers();
 *   }
 * }
 * ```
 *
 * It waits for a timer, because between promises and `setImmediate` the runtime hardly ever looks at the sockets.
 */
export async function yieldToOthers(): Promise<void> {
  if (performance.now() - turned < TURN) return;
  await new Promise<void>((resolve) => setTimeout(resolve, 0));
  turned = performance.now();
}
