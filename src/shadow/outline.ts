/**
 * What is kept of a message to tell whether handlers have changed it.
 * @module
 */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { fieldLines, nameOfLine, without } from "../message/field_lines.ts";

/** The header of a message, a character an octet, and a digest of the rest. */
export interface Outline {
  readonly header: string;
  readonly rest: string;
}

/** Octets of a header that are kept. */
const LONGEST = 64 * 1024;

/** Fields whose values differ each time that somebody makes them. */
const VARYING: ReadonlySet<string> = new Set(["message-id", "date", "received"]);

/** Makes the outline of a message that is read. */
class Outliner {
  readonly #digest = createHash("sha1");
  #header = "";
  #end = -1;

  take(chunk: Uint8Array): void {
    if (this.#end >= 0) return void this.#digest.update(chunk);
    const text = this.#header +
      Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).toString("latin1");
    const end = text.startsWith("\r\n") ? 2 : text.indexOf("\r\n\r\n") + 4;
    this.#header = text;
    if (end < 4 && end !== 2 && text.length < LONGEST) return;
    this.#end = end >= 4 || end === 2 ? end : text.length;
    this.#header = text.slice(0, this.#end);
    this.#digest.update(Buffer.from(text.slice(this.#end), "latin1"));
  }

  get outline(): Outline {
    return { header: this.#header, rest: this.#digest.digest("base64") };
  }
}

/** The same message; `done` is given its outline once it was read to its end. */
export async function* outlined(
  body: AsyncIterable<Uint8Array>,
  done: (outline: Outline) => void,
): AsyncIterable<Uint8Array> {
  const outliner = new Outliner();
  for await (const chunk of body) {
    outliner.take(chunk);
    yield chunk;
  }
  done(outliner.outline);
}

/** The outline of a message in pieces. */
export function outlineOf(pieces: Iterable<Uint8Array>): Outline {
  const outliner = new Outliner();
  for (const piece of pieces) outliner.take(piece);
  return outliner.outline;
}

/** What was made of a message, in words: `+X-Spam: yes`, `-Subject: hello`, `another body`. */
export function changesBetween(before: Outline, after: Outline): readonly string[] {
  const [old, now] = [before, after].map(({ header }) => fieldsIn(header)) as [string[], string[]];
  return [
    ...without(now, old).map((field) => `+${field}`),
    ...without(old, now).map((field) => `-${field}`),
    ...before.rest === after.rest ? [] : ["another body"],
  ];
}

const fieldsIn = (header: string): string[] =>
  fieldLines(header).map((field) => {
    const name = nameOfLine(field);
    return VARYING.has(name.toLowerCase()) ? name : field.replace(/\r\n/g, "");
  });
