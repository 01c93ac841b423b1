/**
 * Turns: what needs long does not keep the other sessions waiting.
 *
 * @module
 */

/** Milliseconds that may be worked without a look at what others have sent. */
const TURN = 5;

/** When others had their turn. */
let turned = 0;

/**
 * Lets other sessions go on, if nobody did for a few milliseconds. A handler that needs long for a message awaits it
 * between pieces of its work, such as each 16 KiB:
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
 * It waits for a timer: between promises and `setImmediate` the runtime hardly ever looks at the sockets.
 */
export async function yieldToOthers(): Promise<void> {
  if (performance.now() - turned < TURN) return;
  await new Promise<void>((resolve) => setTimeout(resolve, 0));
  turned = performance.now();
}
