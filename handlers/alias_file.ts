/**
 * Files of aliases in the format of Sendmail and Postfix, aliases(5).
 *
 * @module
 */
import { dirname, resolve } from "node:path";
import { ConfigError, type Place, type Problem } from "postmaster/making";
import {
  AliasTable,
  type AliasTarget,
  circlesIn,
  inCircle,
  parseAliasKey,
  parseAliasTarget,
} from "./alias_table.ts";

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

/** The number of files that a file of aliases may include, at any depth. */
const MOST_INCLUDED = 1000;

/**
 * Reads `alias: address, address` lines. A line that begins with white space continues the one before it; `#` at the
 * beginning of a line, or after white space, starts a comment. `:include:PATH` among the addresses stands for those in
 * another file, separated by commas or line ends; its path begins at the directory of the file that it stands in.
 *
 * @param include gives the text of another file
 * @throws {ConfigError}
 */
export function parseAliasFile(
  text: string,
  file: string,
  include: (path: string) => string,
): readonly WrittenAlias[] {
  const problems: Problem[] = [];
  const reader = new AddressReader(include, problems);
  const aliases = logicalLines(text).flatMap(({ text: line, number }) => {
    const at = placesIn(line, file, number);
    const colon = endOfKey(line);
    const targets = colon < 0 ? [] : wordsOf(line, colon + 1, at);
    if (targets.length === 0) {
      problems.push({ ...at(0), message: "a line must be `alias: address, address`" });
      return [];
    }
    const [key] = wordsOf(line.slice(0, colon), 0, at);
    if (key === undefined) {
      problems.push({ ...at(0), message: "there is no alias before the colon: write one" });
      return [];
    }
    return [{ key, targets: targets.flatMap((word) => reader.read(word, key.text, [file])) }];
  });
  if (problems.length > 0) throw new ConfigError(problems);
  return aliases;
}

/** A table of the aliases of a file, as {@linkcode parseAliasFile} reads it. Throws a `ConfigError`. */
export function parseAliases(
  text: string,
  file: string,
  include: (path: string) => string,
): AliasTable {
  const { table, places, problems } = readAliases(parseAliasFile(text, file, include));
  for (const [key, circle] of circlesIn(table)) {
    problems.push({ ...places.get(key)!, message: inCircle(circle) });
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return table;
}

/** Makes a table of aliases, as far as nothing is wrong with them. */
export function readAliases(
  written: readonly WrittenAlias[],
  readKey: (text: string) => string = parseAliasKey,
  readTarget: (text: string) => AliasTarget = parseAliasTarget,
): { table: AliasTable; places: ReadonlyMap<string, Place>; problems: Problem[] } {
  const table = new AliasTable();
  const places = new Map<string, Place>();
  const problems: Problem[] = [];
  const attempt = <T>(word: Word, read: (text: string) => T): T | undefined => {
    try {
      return read(word.text);
    } catch (error) {
      problems.push({ ...word.place, message: messageOf(error) });
      return undefined;
    }
  };
  for (const { key: word, targets: words } of written) {
    const key = attempt(word, readKey);
    const targets = words.map((target) => attempt(target, readTarget));
    if (key === undefined || targets.includes(undefined)) continue;
    if (places.has(key)) {
      const message = `the alias \`${word.text}\` is here for the second time: keep one`;
      problems.push({ ...word.place, message });
      continue;
    }
    places.set(key, word.place);
    table.set(key, targets as AliasTarget[]);
  }
  return { table, places, problems };
}

/** Reads what stands for addresses. */
class AddressReader {
  readonly #include: (path: string) => string;
  readonly #problems: Problem[];
  #included = 0;

  constructor(include: (path: string) => string, problems: Problem[]) {
    this.#include = include;
    this.#problems = problems;
  }

  /**
   * The addresses of a word.
   *
   * @param alias what leads to them
   * @param within the files that it stands in, the outermost first
   */
  read(word: Word, alias: string, within: readonly string[]): readonly Word[] {
    const bare = unquoted(word.text);
    const [, path] = /^:include:\s*(.*)$/.exec(bare) ?? [];
    if (path !== undefined) return this.#readFile(word, path, alias, within);
    if (bare.startsWith("\\") && bare.slice(1).toLowerCase() === localPartOf(alias)) {
      return [{ ...word, text: alias }]; // an alias that leads to itself ends there
    }
    const message = notAnAddress(bare);
    if (message === undefined) return [word];
    this.#problems.push({ ...word.place, message });
    return [];
  }

  #readFile({ place }: Word, path: string, alias: string, within: readonly string[]) {
    const file = resolve(dirname(within.at(-1)!), path);
    try {
      if (within.includes(file)) {
        const way = [...within.slice(within.indexOf(file)), file].join(" -> ");
        throw new TypeError(`files include each other in a circle, ${way}: take one of them out`);
      }
      if (++this.#included > MOST_INCLUDED) {
        throw new TypeError(`more than ${MOST_INCLUDED} files are included: include fewer`);
      }
      return this.#include(file).split("\n").flatMap((line, i) =>
        wordsOf(withoutComment(line), 0, placesIn(line, file, i + 1))
          .flatMap((word) => this.read(word, alias, [...within, file]))
      );
    } catch (error) {
      this.#problems.push({ ...place, message: messageOf(error) });
      return [];
    }
  }
}

/** Why a target of other mail servers is not allowed here, and what to do instead; `undefined` for an address. */
function notAnAddress(text: string): string | undefined {
  const elsewhere = "answer for this address in a handler of your own, with";
  if (text.startsWith("|")) {
    return `\`${text}\` is a command, and aliases run none: ${elsewhere} pipe([...])`;
  }
  if (text === "/dev/null") {
    return `\`${text}\` throws mail away, and aliases do not: ${elsewhere} discard()`;
  }
  if (text.startsWith("/")) {
    return `\`${text}\` is a file, and aliases write none: lead the alias to a user whose mailer does, or ` +
      `${elsewhere} pipe([...])`;
  }
  if (text.startsWith("\\")) {
    const user = text.slice(1);
    return `\`${text}\` bypasses the aliases of \`${user}\`, which only an alias \`${user}\` itself can do here: ` +
      `write \`${user}\``;
  }
  if (/^(:|error:)/.test(text)) {
    return `\`${text}\` is no address: refuse or defer mail in a handler, with say() or the handler \`reply\``;
  }
  return undefined;
}

/** Lines with their continuation lines, each with the number of its first line, without comments. */
function logicalLines(text: string): { text: string; number: number }[] {
  const lines: { text: string; number: number }[] = [];
  for (const [i, whole] of text.split("\n").entries()) {
    const line = withoutComment(whole).trimEnd();
    const last = lines.at(-1);
    if (last !== undefined && (line === "" || /^\s/.test(line))) last.text += `\n${line}`;
    else if (line !== "") lines.push({ text: line, number: i + 1 });
  }
  return lines;
}

/** Either quotes, in which nothing has a meaning, or a comment. */
const withoutComment = (line: string): string =>
  line.replace(/("(?:\\.|[^"\\])*")|(?:^|\s)#.*/g, (_, quoted) => quoted ?? "");

/** The colon after an alias, outside of quotes and address literals. */
function endOfKey(line: string): number {
  const key = /^(?:"(?:\\.|[^"\\])*"|\[[^\]]*\]|[^:"[])*/.exec(line)![0];
  return line[key.length] === ":" ? key.length : -1;
}

/** What stands between commas from an offset on. */
function wordsOf(line: string, from: number, at: (offset: number) => Place): Word[] {
  const words: Word[] = [];
  while (from < line.length) {
    const part = /^(?:"(?:\\.|[^"\\])*"|[^,])*/.exec(line.slice(from))![0];
    const place = at(from + part.length - part.trimStart().length);
    if (part.trim() !== "") words.push({ text: part.trim().replace(/\s*\n\s*/g, " "), place });
    from += part.length + 1;
  }
  return words;
}

/** The places of the offsets in lines of a file, the first of which has this number. */
const placesIn = (lines: string, file: string, number: number) => (offset: number): Place => {
  const before = lines.slice(0, offset).split("\n");
  return { file, line: number + before.length - 1, column: before.at(-1)!.length + 1 };
};

const localPartOf = (alias: string): string =>
  unquoted(alias.replace(/@[^@"]*$/, "")).toLowerCase();

function unquoted(text: string): string {
  const [, inner] = /^"((?:\\.|[^"\\])*)"$/.exec(text) ?? [];
  return inner === undefined ? text : inner.replace(/\\(.)/g, "$1");
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
