/**
 * The originals of code that runs from a copy: stack traces name the copy, people need the original.
 * @module
 */

/** A module, or a folder of them, that runs from a copy with the same lines and columns. */
export interface Origin {
  /** The URL of the copy; one of a folder ends in `/`. */
  readonly copy: string;
  /** The URL of the original. */
  readonly source: string;
  /** The name of the original, for people. */
  readonly name: string;
}

/** A place in an original. */
export interface OriginalPlace {
  /** The URL of the original. */
  readonly source: string;
  /** The name of the original, for people. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
}

/** A reload of modules adds to them; those of folders are few. */
const files = new Map<string, Origin>();
const folders: Origin[] = [];

/** Registers the original of a copy. */
export function addOrigin(origin: Origin): void {
  if (origin.copy.endsWith("/")) folders.push(origin);
  else files.set(origin.copy, origin);
}

/** A URL of a file in a text; the place behind it is no part of it. */
const URLS = /file:\/\/[^\s()'"`]+?(?=:\d|[\s()'"`]|$)/g;

/** A stack trace or a message with the originals in place of the copies. */
export function withOrigins(text: string): string {
  const said = text.replace(URLS, (url) => files.get(url)?.name ?? url);
  return folders.reduce((said, { copy, name }) => said.replaceAll(copy, name), said);
}

/** The first place in a stack trace or a message that lies in a copy. */
export function firstOriginalPlace(text: string): OriginalPlace | undefined {
  for (const [, url, line, column] of text.matchAll(/(file:\/\/[^\s()]+):(\d+):(\d+)/g)) {
    const origin = files.get(url!) ?? folders.find(({ copy }) => url!.startsWith(copy));
    if (origin === undefined) continue;
    const rest = url!.slice(origin.copy.length);
    return {
      source: origin.source + rest,
      file: origin.name + decodeURI(rest),
      line: Number(line),
      column: Number(column),
    };
  }
  return undefined;
}
