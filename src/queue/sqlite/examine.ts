/**
 * Looks at the file of a queue without opening it as one, also while a server has it.
 * @module
 */
import { closeSync, existsSync, fstatSync, openSync, readdirSync, statSync } from "node:fs";
import { messageOf } from "../../base/message_of.ts";
import { headerOf, layoutOf } from "../../base/sqlite_header.ts";
import { ownUser } from "../../base/passwd.ts";
import { bodiesIn, fileIn } from "./places.ts";
import { LAYOUT, ofLaterVersion } from "./schema.ts";

/** What to do about a file that is damaged. */
export const remedy = (directory: string): string =>
  `put back a copy of it, or move ${directory} away: then the server begins with an empty queue ` +
  "(the program sqlite3 has .recover, which may read what is left)";

/** Why the file in a directory cannot be used, and what to do about it; `undefined` if nothing is wrong, or there is none. */
export function faultIn(directory: string): string | undefined {
  const file = fileIn(directory);
  if (!existsSync(file)) return isOrphaned(directory) ? missing(directory) : undefined;
  try {
    const fault = faultOf(file);
    return fault && `${file} ${fault}: ${remedy(directory)}`;
  } catch (error) {
    return error instanceof LaterVersion
      ? `cannot use ${file}: ${messageOf(error)}`
      : `cannot open ${file} as ${ownUser()} (${
        messageOf(error)
      }): chown it to that user, or name ` +
        "another `queue.directory`";
  }
}

class LaterVersion extends Error {}

const missing = (directory: string): string =>
  `there is no ${fileIn(directory)}, but what belongs to it is in ${directory}: ${
    remedy(directory)
  }`;

/** Whether there is something of a queue, but not its file. */
function isOrphaned(directory: string): boolean {
  if (existsSync(`${fileIn(directory)}-wal`)) return true;
  try {
    return readdirSync(bodiesIn(directory)).length > 0;
  } catch {
    return false; // there is nothing, or what is there is found when it is used
  }
}

function faultOf(file: string): string | undefined {
  const fd = openSync(file, "r+");
  try {
    const header = headerOf(fd);
    if (header === undefined) return "is no queue, or is damaged";
    const layout = layoutOf(header);
    if (layout > LAYOUT) throw new LaterVersion(ofLaterVersion(layout));
    const { size } = fstatSync(fd);
    const pageSize = header.getUint16(16) === 1 ? 65536 : header.getUint16(16);
    const full = header.getUint32(28) * pageSize;
    return size < full && !hasLog(file)
      ? `is damaged: it has ${size} of ${full} octets`
      : undefined;
  } finally {
    closeSync(fd);
  }
}

/** Whether there is a log: the rest of the file may be in it. */
function hasLog(file: string): boolean {
  return (statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0;
}
