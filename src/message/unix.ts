/**
 * Unix line ends, for mailers and mailboxes.
 * @module
 */
import { CR, LF } from "../smtp/ascii.ts";

const CR_BYTE = Uint8Array.of(CR);

/** The message with LF for each CRLF. A CR without LF stays. */
export async function* unixLines(
  body: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  let held = false; // the last chunk ended with a CR, and the next byte tells what it is
  for await (const chunk of body) {
    if (chunk.length === 0) continue;
    if (held && chunk[0] !== LF) yield CR_BYTE;
    held = chunk.at(-1) === CR;
    const whole = held ? chunk.subarray(0, -1) : chunk;
    if (whole.length > 0) yield convert(whole);
  }
  if (held) yield CR_BYTE;
}

function convert(chunk: Uint8Array): Uint8Array {
  if (!chunk.includes(CR)) return chunk;
  const converted = new Uint8Array(chunk.length);
  let length = 0;
  for (let i = 0; i < chunk.length; i++) {
    const byte = chunk[i]!;
    if (byte !== CR || chunk[i + 1] !== LF) converted[length++] = byte;
  }
  return converted.subarray(0, length);
}
