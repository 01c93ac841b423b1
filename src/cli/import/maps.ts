/**
 * Postfix's lookup tables, as far as their text is in a file.
 * @module
 */
import { isAbsolute, join } from "node:path";
import { tried } from "../../base/tried.ts";
import { logicalLines } from "./main_cf.ts";

/** A table. */
export interface LookupTable {
  /** `hash:/etc/postfix/virtual`, as it is written. */
  readonly written: string;
  /** The file with its text. */
  readonly path: string;
  /** The keys and values of the file; `undefined` if it cannot be read. */
  readonly entries: readonly (readonly [key: string, value: string])[] | undefined;
}

/** Kinds of tables that postmap(1) makes of a text, or that are one. */
const OF_TEXT = ["hash", "btree", "lmdb", "dbm", "cdb", "sdbm", "texthash"];

/**
 * A table of which the text is known; `undefined` for one in a database, a program or the network.
 *
 * @param directory where relative paths begin
 */
export function lookupTable(written: string, directory: string): LookupTable | undefined {
  const [, kind = "", file = ""] = /^(?:proxy:)?(?:([a-z]+):)?(.*)$/.exec(written) ?? [];
  if (kind !== "" && !OF_TEXT.includes(kind)) return undefined;
  const path = isAbsolute(file) ? file : join(directory, file);
  const text = tried(() => Deno.readTextFileSync(path));
  const entries = text && logicalLines(text).map(({ text: line }) => {
    const [, key = "", value = ""] = /^(\S+)\s*(.*)$/s.exec(line) ?? [];
    return [key, value.trim()] as const;
  });
  return { written, path, entries: text === undefined ? undefined : entries || [] };
}
