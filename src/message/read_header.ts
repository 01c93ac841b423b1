/**
 * A look at the header of a message before it is passed on.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { Header } from "./fields.ts";
import { endOfHeader } from "./header_scan.ts";

/** A message whose header is known. */
export interface HeadedMessage {
  /** Its header. */
  readonly header: Header;
  /** The whole message, header and all, to be read once. */
  readonly body: AsyncIterable<Uint8Array>;
  /** The message with other octets for those of `header`, to be read instead of `body`; all else is as it was. */
  withHeader(octets: Uint8Array): AsyncIterable<Uint8Array>;
}

/** How a header is read. */
export interface ReadHeaderOptions {
  /** Octets that a header may have: of a longer one only so much is looked at. By default 256 KiB. */
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
  const held: Uint8Array[] = [];
  let octets = Buffer.alloc(4096);
  let length = 0;
  let end = -1;
  while (end < 0 && length <= limit) {
    const { done, value } = await source.next();
    if (done) break;
    held.push(value);
    if (length + value.length > octets.length) {
      octets = Buffer.concat([octets], 2 * (length + value.length));
    }
    octets.set(value, length);
    const searched = Math.max(0, length - 3);
    length += value.length;
    end = endOfHeader(octets.subarray(0, length), searched);
  }
  const size = end >= 0 ? end : length;
  const header = new Header(octets.subarray(0, Math.min(size, limit)), size <= limit);
  return {
    header,
    body: whole(held, source),
    withHeader: (other) => {
      const rest = Buffer.concat(held).subarray(header.size);
      return whole(rest.length === 0 ? [other] : [other, rest], source);
    },
  };
}

async function* whole(
  held: readonly Uint8Array[],
  source: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield* held;
  yield* { [Symbol.asyncIterator]: () => source };
}
