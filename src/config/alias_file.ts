/**
 * Files of aliases, as the text that they are.
 *
 * @module
 */
import { Watched } from "../base/watched.ts";
import { ConfigError, type Place, type Problem } from "./problem.ts";

/** A word of the configuration and its place. */
export interface Word {
  readonly text: string;
  readonly place: Place;
}

/** One alias as it was written. */
export interface WrittenAlias {
  readonly key: Word;
  readonly targets: readonly Word[];
}

/** A file of aliases. */
export type AliasFile = Watched<readonly WrittenAlias[]>;

/** Opens a file of aliases. Throws if it cannot be read. */
export function openAliasFile(file: string): AliasFile {
  return new Watched(file, (text) => parseAliasFile(text, file));
}

/** One `alias: address, address` a line; `#` starts a comment. Throws a {@linkcode ConfigError}. */
export function parseAliasFile(text: string, file: string): readonly WrittenAlias[] {
  const problems: Problem[] = [];
  const aliases: WrittenAlias[] = [];
  for (const [i, whole] of text.split("\n").entries()) {
    const line = whole.replace(/(^|\s)#.*/, "").trimEnd();
    if (line === "") continue;
    const word = (part: string, from: number): Word => {
      const column = from + part.length - part.trimStart().length + 1;
      return { text: part.trim(), place: { file, line: i + 1, column } };
    };
    const colon = endOfKey(line);
    const targets: Word[] = [];
    for (let from = colon + 1; colon >= 0 && from < line.length;) {
      const part = /^(?:"(?:\\.|[^"\\])*"|[^,])*/.exec(line.slice(from))![0];
      targets.push(word(part, from));
      from += part.length + 1;
    }
    if (targets.length === 0) {
      problems.push({
        ...word(line, 0).place,
        message: "a line must be `alias: address, address`",
      });
    } else {
      aliases.push({ key: word(line.slice(0, colon), 0), targets });
    }
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return aliases;
}

/** The colon behind an alias: not one in quotes or in an address literal. */
function endOfKey(line: string): number {
  const key = /^(?:"(?:\\.|[^"\\])*"|\[[^\]]*\]|[^:"[])*/.exec(line)![0];
  return line[key.length] === ":" ? key.length : -1;
}
