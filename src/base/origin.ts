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

const origins: Origin[] = [];

/** Registers the original of a copy. */
export function addOrigin(origin: Origin): void {
  origins.push(origin);
}

/** A stack trace or a message with the originals in place of the copies. */
export function withOrigins(text: string): string {
  return origins.reduce((said, { copy, name }) => said.replaceAll(copy, name), text);
}

/** The first place in a stack trace or a message that lies in a copy. */
export function firstOriginalPlace(text: string): OriginalPlace | undefined {
  for (const [, url, line, column] of text.matchAll(/(file:\/\/[^\s()]+):(\d+):(\d+)/g)) {
    const origin = origins.find(({ copy }) => url === copy || isInside(url!, copy));
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

const isInside = (url: string, folder: string): boolean =>
  folder.endsWith("/") && url.startsWith(folder);
