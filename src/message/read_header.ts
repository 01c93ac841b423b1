/**
 * Reads the header of a message before the message is passed on.
 * @module
 */
import { Header } from "./fields.ts";
import { HeaderOctets } from "./header_octets.ts";

/** A message with its header. */
export interface HeadedMessage {
  /** The header. */
  readonly header: Header;
  /** The whole message with its header, to be read once. */
  readonly body: AsyncIterable<Uint8Array>;
  /** The message with other octets in place of `header`, to be read instead of `body`; the rest stays. */
  withHeader(octets: Uint8Array): AsyncIterable<Uint8Array>;
}

/** Options of {@linkcode readHeader}. */
export interface ReadHeaderOptions {
  /** The octets of a header that are read, by default 256 KiB; the rest of a longer header is not. */
  readonly limit?: number;
}

/**
 * Reads the header of a message, and no more than the chunk it ends in. A handler of `Deliver` that looks at a
 * header passes the `body` it gets on:
 *
 * ```ts
 * import { on, readHeader, say } from "postmaster";
 *
 * export default on("Deliver", async (event, next) => {
 *   const { header, body } = await readHeader(event.body);
 *   const subject = header.first("Subject")?.text ?? "";
 *   if (subject.includes("lottery")) return say(5, 5, 4, "no, thank you", "5.7.1");
 *   return next({ ...event, body });
 * });
 * ```
 *
 * A message without an empty line is all header. What reading the body throws is thrown here, or when the rest is
 * read.
 */
export async function readHeader(
  body: AsyncIterable<Uint8Array>,
  { limit = 256 * 1024 }: ReadHeaderOptions = {},
): Promise<HeadedMessage> {
  const source = body[Symbol.asyncIterator]();
  const octets = new HeaderOctets();
  while (octets.end === undefined && octets.length <= limit) {
    const { done, value } = await source.next();
    if (done) break;
    octets.add(value);
  }
  const { all, end: size = all.length } = octets;
  const header = new Header(all.subarray(0, Math.min(size, limit)), size <= limit);
  return {
    header,
    body: whole([all], source),
    withHeader: (other) => whole([other, all.subarray(header.size)], source),
  };
}

async function* whole(
  beginning: readonly Uint8Array[],
  source: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (const chunk of beginning) if (chunk.length > 0) yield chunk;
  yield* { [Symbol.asyncIterator]: () => source };
}
