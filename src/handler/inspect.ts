/**
 * Reads a whole message before the handlers further in get it.
 * @module
 */
import { type MimePart, parts, type PartsOptions } from "../mime/parts.ts";
import type { EventOf } from "./event.ts";
import type { MaybePromise } from "./handler.ts";
import type { Reply } from "./reply.ts";
import type { Session } from "./session.ts";

/** A message that can be read any number of times, until its handler has answered. */
export interface InspectedMessage {
  /** The size in octets. */
  readonly size: number;
  /** The message, to be passed on or read. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Its parts, as from {@linkcode parts}. */
  parts(options?: PartsOptions): AsyncIterable<MimePart>;
}

/**
 * Reads a whole message, a large one into a file without a name, and lets a handler of `Deliver` examine all of it
 * before the handlers further in get it:
 *
 * ```ts
 * import { inspect, on, say } from "postmaster";
 *
 * export default on("Deliver", (event, next, session) =>
 *   inspect(event, session, async (message) => {
 *     for await (const { type } of message.parts()) {
 *       if (type === "text/calendar") return say(5, 5, 4, "no invitations, please", "5.7.1");
 *     }
 *     return next({ ...event, body: message.body });
 *   }));
 * ```
 *
 * An error of the body is thrown here.
 */
export async function inspect(
  { body }: Pick<EventOf<"Deliver">, "body">,
  session: Session,
  look: (message: InspectedMessage) => MaybePromise<Reply>,
): Promise<Reply> {
  const kept = await session.keep(body);
  const whole = { [Symbol.asyncIterator]: () => kept.read()[Symbol.asyncIterator]() };
  try {
    return await look({
      size: kept.size,
      body: whole,
      parts: (options) => parts(whole, options),
    });
  } finally {
    await kept.dispose();
  }
}
