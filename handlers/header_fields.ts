/**
 * The header of a message that streams: read before the body, which is never held.
 *
 * @module
 */

/** Octets of a header that are held at most. */
const MAX_HEADER = 1 << 20;

/** A field as it is written, with its folds and line ends; one character an octet. */
export interface RawField {
  /** In lower case. */
  readonly name: string;
  readonly text: string;
}

/** A message of which the header has been read. */
export interface Opened {
  readonly fields: readonly RawField[];
  /** The message with other fields; octets that are not theirs stay as they came. */
  with(fields: readonly RawField[]): AsyncIterable<Uint8Array>;
}

/**
 * Reads the header (RFC 5322 section 2.2): up to the empty line, or the first that is no field. Gives `undefined` for
 * one of more than 1 MiB.
 */
export async function openMessage(body: AsyncIterable<Uint8Array>): Promise<Opened | undefined> {
  const chunks = body[Symbol.asyncIterator]();
  const parts: string[] = [];
  let size = 0;
  let tail = "\r\n"; // an empty line may be the first
  for (let ended = false; !ended;) {
    const { value, done = false } = await chunks.next();
    if (done) break;
    const text = textOf(value);
    parts.push(text);
    tail = (tail + text).slice(-text.length - 3);
    ended = tail.includes("\r\n\r\n");
    size += text.length;
    if (size > MAX_HEADER && !ended) return undefined;
  }
  const read = parts.join("");
  const fields = fieldsOf(read);
  const rest = read.slice(fields.reduce((sum, { text }) => sum + text.length, 0));
  return { fields, with: (others) => assemble(others, rest, chunks) };
}

/** Lines end with CRLF: the engine lets no other line end in. */
const FIELD = /([!-9;-~]+)[ \t]*:[^\r\n]*(?:\r\n[ \t][^\r\n]*)*\r\n/y;

/** The fields that the text begins with. */
function fieldsOf(text: string): RawField[] {
  const fields: RawField[] = [];
  const field = new RegExp(FIELD);
  for (let match = field.exec(text); match !== null; match = field.exec(text)) {
    fields.push({ name: match[1]!.toLowerCase(), text: match[0] });
  }
  return fields;
}

async function* assemble(
  fields: readonly RawField[],
  rest: string,
  chunks: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const read = fields.map(({ text }) => text).join("") + rest;
  if (read !== "") yield bytesOf(read);
  try {
    for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value;
  } finally {
    await chunks.return?.();
  }
}

const bytesOf = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0));

function textOf(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) {
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  }
  return text;
}
