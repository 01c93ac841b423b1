/**
 * What handlers change of the header of a message, for those who look on: names of fields, and no values.
 * @module
 */
import { Buffer } from "node:buffer";
import { fieldLines, nameOfLine, without } from "../message/field_lines.ts";
import { HeaderOctets } from "../message/header_octets.ts";
import type { Event } from "./event.ts";

/** A message. */
type Body = AsyncIterable<Uint8Array>;

/** Octets of a header that are looked at, and names that are told. */
const LONGEST = 16 * 1024, MOST = 20;

/** The headers of messages that have been read. */
const headers = new WeakMap<Body, Buffer>();
/** What is known of messages that are no more. */
const recalled = new WeakMap<Body, readonly string[]>();

/** The same message. Its header is known once it has been read. */
export function watchHeader(body: Body): Body {
  const watched = reading(body, (header) => headers.set(watched, header));
  return watched;
}

/** The same event, with a message whose header is watched. */
export const watchedEvent = (event: Event): Event =>
  event.type === "Deliver" ? { ...event, body: watchHeader(event.body) } : event;

async function* reading(body: Body, known: (header: Buffer) => void): Body {
  const octets = new HeaderOctets();
  let isOver = false;
  for await (const chunk of body) {
    if (!isOver) {
      octets.add(chunk.slice(0, LONGEST));
      if (octets.end !== undefined) known(octets.all.subarray(0, octets.end));
      isOver = octets.end !== undefined || octets.length > LONGEST;
    }
    yield chunk;
  }
}

/** Notes what was changed of a message that is no more. */
export const recallChanges = (body: Body, changes: readonly string[]): void =>
  void recalled.set(body, changes);

/**
 * What differs between the headers of two messages, as far as they are known: `+X-Spam` is new, `-Bcc` is gone, `~Subject`
 * has another value.
 */
export function headerChanges(before: Body, after: Body): readonly string[] {
  const known = recalled.get(after);
  if (known !== undefined) return known;
  const [old, now] = [headers.get(before), headers.get(after)];
  if (old === undefined || now === undefined || old.equals(now)) return [];
  const [was, is] = [old, now].map((header) => fieldLines(header.toString("latin1")));
  const [gone, come] = [without(was!, is!), without(is!, was!)].map((all) =>
    new Set(all.map(nameOfLine))
  );
  const names = [...come!.union(gone!)].slice(0, MOST);
  return names.map((name) => `${come!.has(name) ? gone!.has(name) ? "~" : "+" : "-"}${name}`);
}
