/**
 * Files of aliases in the format of Sendmail and Postfix, aliases(5).
 * @module
 */
import { dirname, resolve } from "node:path";
import { foldCase, type Mailbox } from "postmaster";
import { ConfigError, messageOf, type Place } from "postmaster/making";
import {
  AliasTable,
  type AliasTarget,
  circlesIn,
  inCircle,
  parseAliasKey,
  parseAliasTarget,
} from "./alias_table.ts";

/** A word and its place. */
export interface Word<P = Place> {
  readonly text: string;
  readonly place: P;
}

/** One alias as it was written. */
export interface WrittenAlias<P = Place> {
  readonly key: Word<P>;
  readonly targets: readonly Word<P>[];
}

/** What is wrong, and where. */
export interface Fault<P = Place> {
  readonly place: P;
  readonly message: string;
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
  const faults: Fault[] = [];
  const reader = new AddressReader(include, faults);
  const aliases = logicalLines(text).flatMap(({ text: line, number }) => {
    const at = placesIn(line, file, number);
    const place = at(0);
    const colon = endOfKey(line);
    const [key] = colon < 0 ? [] : wordsOf(line.slice(0, colon), 0, at);
    const targets = colon < 0 ? [] : wordsOf(line, colon + 1, at);
    if (key === undefined || targets.length === 0) {
      faults.push({ place, message: "a line must be `alias: address, address`" });
      return [];
    }
    return [{ key, targets: targets.flatMap((word) => reader.read(word, key.text, [file])) }];
  });
  if (faults.length > 0) throw errorOf(faults);
  return aliases;
}

/** A table of the aliases of a file, as {@linkcode parseAliasFile} reads it. Throws a `ConfigError`. */
export function parseAliases(
  text: string,
  file: string,
  include: (path: string) => string,
): AliasTable {
  const { table, faults } = readAliases(parseAliasFile(text, file, include));
  if (faults.length > 0) throw errorOf(faults);
  return table;
}

/** The aliases of a mapping, in which each word is at a path. */
export const wordsIn = <P>(
  table: Readonly<Record<string, string | readonly string[]>>,
  placeOf: (path: readonly PropertyKey[], isKey: boolean) => P,
): readonly WrittenAlias<P>[] =>
  Object.entries(table).map(([key, value]) => ({
    key: { text: key, place: placeOf([key], true) },
    targets: typeof value === "string"
      ? [{ text: value, place: placeOf([key], false) }]
      : value.map((text, i) => ({ text, place: placeOf([key, i], false) })),
  }));

/** How aliases are read; without it, as a handler has them. */
export interface AliasRules {
  readonly readKey: (text: string) => string;
  readonly readTarget: (text: string) => AliasTarget;
  /** The circles, as {@linkcode circlesIn} finds them. */
  readonly circlesIn: (table: AliasTable) => ReadonlyMap<string, readonly Mailbox[]>;
}

const RULES: AliasRules = { readKey: parseAliasKey, readTarget: parseAliasTarget, circlesIn };

/** Makes a table of aliases, as far as nothing is wrong with them. */
export function readAliases<P>(
  written: readonly WrittenAlias<P>[],
  { readKey, readTarget, circlesIn }: AliasRules = RULES,
): { readonly table: AliasTable; readonly faults: Fault<P>[] } {
  const table = new AliasTable();
  const places = new Map<string, P>();
  const faults: Fault<P>[] = [];
  const attempt = <T>({ text, place }: Word<P>, read: (text: string) => T): T | undefined => {
    try {
      return read(text);
    } catch (error) {
      faults.push({ place, message: messageOf(error) });
      return undefined;
    }
  };
  for (const { key: { text, place }, targets: words } of written) {
    const key = attempt({ text, place }, readKey);
    const targets = words.map((target) => attempt(target, readTarget));
    if (key === undefined || targets.includes(undefined)) continue;
    if (places.has(key)) {
      faults.push({
        place,
        message: `the alias \`${text}\` is here for the second time: keep one`,
      });
      continue;
    }
    places.set(key, place);
    table.set(key, targets as AliasTarget[]);
  }
  for (const [key, circle] of circlesIn(table)) {
    faults.push({ place: places.get(key)!, message: inCircle(circle) });
  }
  return { table, faults };
}

/** Reads what stands for addresses. */
class AddressReader {
  readonly #include: (path: string) => string;
  readonly #faults: Fault[];
  #included = 0;

  constructor(include: (path: string) => string, faults: Fault[]) {
    this.#include = include;
    this.#faults = faults;
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
    if (bare.startsWith("\\") && foldCase(bare.slice(1)) === localPartOf(alias)) {
      return [{ ...word, text: alias }]; // an alias that leads to itself ends there
    }
    const message = notAnAddress(bare);
    if (message === undefined) return [word];
    this.#faults.push({ place: word.place, message });
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
      this.#faults.push({ place, message: messageOf(error) });
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
  const part = /(?:"(?:\\.|[^"\\])*"|[^,])*/y;
  const words: Word[] = [];
  for (; from < line.length; from = part.lastIndex + 1) {
    part.lastIndex = from;
    const [text] = part.exec(line)!;
    const place = at(from + text.length - text.trimStart().length);
    if (text.trim() !== "") words.push({ text: text.trim().replace(/\s*\n\s*/g, " "), place });
  }
  return words;
}

/** The places of ever larger offsets in lines of a file, the first of which has this number. */
function placesIn(lines: string, file: string, line: number): (offset: number) => Place {
  let start = 0;
  let end = lines.indexOf("\n");
  return (offset) => {
    for (; end >= 0 && end < offset; line++) {
      start = end + 1;
      end = lines.indexOf("\n", start);
    }
    return { file, line, column: offset - start + 1 };
  };
}

const localPartOf = (alias: string): string => foldCase(unquoted(alias.replace(/@[^@"]*$/, "")));

function unquoted(text: string): string {
  const [, inner] = /^"((?:\\.|[^"\\])*)"$/.exec(text) ?? [];
  return inner === undefined ? text : inner.replace(/\\(.)/g, "$1");
}

const errorOf = (faults: readonly Fault[]): ConfigError =>
  new ConfigError(faults.map(({ place, message }) => ({ ...place, message })));
