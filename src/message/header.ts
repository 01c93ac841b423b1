/**
 * Header fields of a message (RFC 5322 section 2.2).
 * @module
 */
import { encode } from "../smtp/ascii.ts";
import { HeaderGuard } from "./header_guard.ts";

/**
 * A header field with its CRLF: `headerField("X-Spam", "no")`.
 *
 * @throws {TypeError} for an invalid field name (RFC 5322 section 3.6.8), or a value with CR, LF or NUL
 */
export function headerField(name: string, value: string): string {
  if (!/^[!-9;-~]+$/.test(name)) {
    throw new TypeError(`${JSON.stringify(name)} is not the name of a header field`);
  }
  const at = value.search(/[\r\n\0]/);
  if (at >= 0) {
    throw new TypeError(
      `${JSON.stringify(value[at])} at ${at} in the value of header field ${name}`,
    );
  }
  return `${name}: ${value}\r\n`;
}

/**
 * Puts `text`, fields with their CRLF, on top of a message. The message cannot continue these fields: if it does not
 * begin with a header field, an empty line is put between them.
 */
export async function* prepend(
  body: AsyncIterable<Uint8Array>,
  text: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (text === "") return yield* body;
  yield encode(text);
  const guard = new HeaderGuard();
  const known: Uint8Array[] = [];
  const keep = (octets: Uint8Array) => void known.push(octets);
  let isSafe = false;
  for await (const chunk of body) {
    if (isSafe) {
      yield chunk;
      continue;
    }
    guard.take(chunk, keep);
    isSafe = guard.isSafe;
    if (isSafe) guard.release(keep);
    yield* known.splice(0);
  }
  if (isSafe) return;
  guard.end(keep);
  yield* known;
}
