/**
 * The line by which an mbox tells where a message begins: `From joe@example.net Thu Jan  1 00:00:00 2026`.
 * @module
 */
import { Octets } from "../base/octets.ts";
import { encode, LF } from "../smtp/ascii.ts";

const MARK = encode("From ");
/** Octets of the longest line of that kind. */
const MAX_LINE = 1000;

/** The message without such a line in front of its header, which procmail pipes too. */
export async function* withoutMark(
  file: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const beginning = new Octets();
  let isKnown = false;
  for await (const chunk of file) {
    if (isKnown) {
      yield chunk;
      continue;
    }
    beginning.add(chunk);
    const rest = afterMark(beginning.all);
    isKnown = rest !== undefined;
    if (rest !== undefined) yield rest;
  }
  if (!isKnown) yield beginning.all;
}

/** The octets after the line, or all; `undefined` while it is not known whether there is such a line. */
function afterMark(octets: Uint8Array): Uint8Array | undefined {
  if (octets.subarray(0, MARK.length).some((octet, i) => octet !== MARK[i])) return octets;
  const end = octets.indexOf(LF);
  if (octets.length >= MARK.length && end >= 0) return octets.subarray(end + 1);
  return octets.length > MAX_LINE ? octets : undefined;
}
