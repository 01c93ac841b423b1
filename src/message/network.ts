/**
 * The line ends of the network, for messages from files.
 * @module
 */
import { CR, LF } from "../smtp/ascii.ts";

/** The message with CRLF for each LF that has no CR before it. */
export async function* networkLines(
  file: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  let last: number | undefined;
  for await (const chunk of file) {
    if (chunk.length === 0) continue;
    yield convert(chunk, last);
    last = chunk.at(-1);
  }
}

/** @param before the octet before the chunk */
function convert(chunk: Uint8Array, before: number | undefined): Uint8Array {
  const missing = missingIn(chunk, before);
  if (missing === 0) return chunk;
  const converted = new Uint8Array(chunk.length + missing);
  let length = 0;
  let last = before;
  for (const octet of chunk) {
    if (octet === LF && last !== CR) converted[length++] = CR;
    converted[length++] = octet;
    last = octet;
  }
  return converted;
}

function missingIn(chunk: Uint8Array, before: number | undefined): number {
  let missing = 0;
  for (let at = chunk.indexOf(LF); at >= 0; at = chunk.indexOf(LF, at + 1)) {
    if ((at === 0 ? before : chunk[at - 1]) !== CR) missing++;
  }
  return missing;
}
