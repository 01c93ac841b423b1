/**
 * Header fields of a message (RFC 5322 section 2.2).
 *
 * @module
 */
import { encode } from "../smtp/ascii.ts";

/**
 * A header field with its CRLF: `headerField("X-Spam", "no")`.
 *
 * @throws {TypeError} for what is no field name (RFC 5322 section 3.6.8), or a value with CR, LF or NUL
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

/** The message with `text` before its first line. */
export async function* prepend(
  body: AsyncIterable<Uint8Array>,
  text: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (text !== "") yield encode(text);
  yield* body;
}
