/**
 * IDs of sessions and messages.
 * @module
 */

/** The start of this process in milliseconds, and two random characters: ten in all. */
const PROCESS = Date.now().toString(36) +
  Math.floor(Math.random() * 36 * 36).toString(36).padStart(2, "0");
let count = 0;

/** A short ID in capitals and digits, unique among the sessions and messages of this server. */
export function newId(): string {
  return (PROCESS + (count++).toString(36)).toUpperCase();
}
