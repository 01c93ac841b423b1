/**
 * Files of users.
 * @module
 */
import { ConfigError, messageOf, type Problem } from "postmaster/making";

/**
 * The results of `read` for all lines with content; `#` starts a comment.
 *
 * @throws {ConfigError} with each line for which `read` throws
 */
export function readLines<T>(text: string, file: string, read: (line: string) => T): T[] {
  const problems: Problem[] = [];
  const found = text.split("\n").flatMap((whole, i) => {
    const line = whole.replace(/#.*/, "").trim();
    if (line === "") return [];
    try {
      return [read(line)];
    } catch (error) {
      problems.push({ file, line: i + 1, column: 1, message: messageOf(error) });
      return [];
    }
  });
  if (problems.length > 0) throw new ConfigError(problems);
  return found;
}
