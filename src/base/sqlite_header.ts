/**
 * The header of SQLite's files: https://www.sqlite.org/fileformat2.html#the_database_header
 * @module
 */
import { readSync } from "node:fs";

const OCTETS = 100;
const MAGIC = "SQLite format 3\0";

/** The header of an open file; `undefined` if it is none of SQLite's. */
export function headerOf(file: number): DataView<ArrayBuffer> | undefined {
  const header = new DataView(new ArrayBuffer(OCTETS));
  const length = readSync(file, header, 0, OCTETS, 0);
  const magic = new TextDecoder().decode(new Uint8Array(header.buffer, 0, MAGIC.length));
  return length < OCTETS || magic !== MAGIC ? undefined : header;
}

/** The layout of the tables, as `PRAGMA user_version` has it: as it was before what is in the log. */
export const layoutOf = (header: DataView): number => header.getUint32(60);
