/**
 * The check of a path with placeholders.
 * @module
 */
import { closest } from "fastest-levenshtein";
import { PLACEHOLDERS, TOKEN } from "./path.ts";

/**
 * Checks a path with placeholders.
 *
 * @throws {TypeError} that says what is wrong
 */
export function checkPath(path: string): string {
  for (const [token] of path.matchAll(TOKEN)) {
    if (token === "{{" || token === "}}") continue;
    const name = token.slice(1, -1);
    if (token.length === 1) {
      throw new TypeError(`${token} without its partner (a brace is written ${token}${token})`);
    }
    if (!PLACEHOLDERS.some((known) => known === name)) {
      throw new TypeError(
        `unknown placeholder {${name}}: did you mean {${closest(name, PLACEHOLDERS)}}?`,
      );
    }
  }
  if (!/^(\/|\{home\}\/)./.test(path) || path.indexOf("{home}", 1) > 0) {
    throw new TypeError(
      `\`${path}\` is no full path: write one such as {home}/Maildir or /var/mail/{user}`,
    );
  }
  if (path.includes("\0")) throw new TypeError("NUL in a path");
  if (path.split("/").includes("..")) throw new TypeError(`\`${path}\` has \`..\` in it`);
  return path.replace(/\/+$/, "");
}
