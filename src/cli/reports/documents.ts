/**
 * The documents in a file with reports: XML or JSON, as it is, compressed, in an archive, or attached to a message.
 * @module
 */
import { Buffer } from "node:buffer";
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { cannotRead } from "../../base/cannot_read.ts";
import { parts } from "../../mime/parts.ts";
import { withoutMark } from "../mbox_mark.ts";
import { gunzip, MOST, Room, unzip } from "./unpack.ts";
import { STDIN } from "./words.ts";

/** The forms of reports. */
export type Form = "xml" | "json";

/**
 * The octets of a file, or of the standard input.
 *
 * @throws {Error} if it cannot be read, or is too large
 */
export async function octetsOf(file: string): Promise<Uint8Array> {
  if (file !== STDIN) {
    const octets = await readFile(file).catch((error) => {
      throw new Error(cannotRead(error));
    });
    if (octets.length > MOST) throw new Error(`it has more than ${MOST} octets`);
    return octets;
  }
  const chunks: Uint8Array[] = [];
  let octets = 0;
  for await (const chunk of Deno.stdin.readable) {
    octets += chunk.length;
    if (octets > MOST) throw new Error(`it has more than ${MOST} octets`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** What to call a file in a complaint. */
export const nameOf = (file: string): string => file === STDIN ? "standard input" : basename(file);

/**
 * The documents of a form in a file.
 *
 * @throws {Error} if something in it is broken
 */
export async function documentsIn(octets: Uint8Array, form: Form): Promise<readonly string[]> {
  const room = new Room();
  return unpacked(octets, form, room) ?? await attached(octets, form, room);
}

/** The documents in what is no message; `undefined` for anything else. */
function unpacked(
  octets: Uint8Array,
  form: Form,
  room: Room,
  depth = 0,
): readonly string[] | undefined {
  const [first, second] = octets;
  const inner = (file: Uint8Array) => unpacked(file, form, room, depth + 1) ?? [];
  if (depth < 2 && first === 0x1f && second === 0x8b) return inner(gunzip(octets, room));
  if (depth < 2 && Buffer.from(octets.subarray(0, 4)).toString("latin1") === "PK\x03\x04") {
    return unzip(octets, room).flatMap(inner);
  }
  const text = textOf(octets);
  return BEGINS[form].test(text) ? [text] : undefined;
}

/** How documents begin. */
const BEGINS: Readonly<Record<Form, RegExp>> = { xml: /^\s*</, json: /^\s*[{[]/ };

/** The documents in the parts of a message, but for texts that people read. */
async function attached(
  octets: Uint8Array,
  form: Form,
  room: Room,
): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const part of parts(withoutMark(once(octets)))) {
    const isProse = /^(?:multipart|message)\/|^text\/(?:plain|html)$/.test(part.type) &&
      part.fileNames.length === 0;
    if (isProse) continue;
    const chunks: Uint8Array[] = [];
    for await (const chunk of part.content) chunks.push(chunk);
    found.push(...unpacked(Buffer.concat(chunks), form, room) ?? []);
  }
  return found;
}

async function* once(octets: Uint8Array): AsyncIterable<Uint8Array> {
  yield await Promise.resolve(octets);
}

/** A text by its byte order mark, else UTF-8. */
function textOf(octets: Uint8Array): string {
  const [first, second] = octets;
  const label = first === 0xff && second === 0xfe
    ? "utf-16le"
    : first === 0xfe && second === 0xff
    ? "utf-16be"
    : "utf-8";
  return new TextDecoder(label).decode(octets);
}
