/**
 * Messages whose headers filters are told, and may change.
 * @module
 */
import { readHeader } from "postmaster";
import { LIMIT } from "../held_header.ts";
import { EditableHeader } from "./header.ts";

/** A message whose header was read. */
export interface Headed {
  readonly header: EditableHeader;
  /** The message without its header, to be read once. */
  readonly rest: AsyncIterable<Uint8Array>;
}

/** Reads the header of a message; `undefined` if it is too long. */
export async function headed(body: AsyncIterable<Uint8Array>): Promise<Headed | undefined> {
  const { header, withHeader } = await readHeader(body, { limit: LIMIT });
  if (!header.complete) return undefined;
  return { header: new EditableHeader(header.without([])), rest: withHeader(NOTHING) };
}

const NOTHING = new Uint8Array();

/** The message of a header and the rest. */
export async function* together(
  header: Uint8Array,
  rest: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (header.length > 0) yield header;
  yield* rest;
}
