/**
 * Names for sessions and messages.
 *
 * @module
 */

let last = 0;

/**
 * A short name in capitals and digits that no other session or message of this server has: the time in
 * milliseconds, moved on where two would be the same, and two characters by chance.
 */
export function newId(): string {
  last = Math.max(last + 1, Date.now());
  const chance = Math.floor(Math.random() * 1296).toString(36).padStart(2, "0");
  return (last.toString(36) + chance).toUpperCase();
}
