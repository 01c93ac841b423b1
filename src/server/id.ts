/**
 * Names for sessions and messages.
 *
 * @module
 */

/** When this process began, in milliseconds, and two characters by chance: ten in all. */
const PROCESS = Date.now().toString(36) +
  Math.floor(Math.random() * 36 * 36).toString(36).padStart(2, "0");
let count = 0;

/** A short name in capitals and digits that no other session or message of this server has. */
export function newId(): string {
  return (PROCESS + (count++).toString(36)).toUpperCase();
}
