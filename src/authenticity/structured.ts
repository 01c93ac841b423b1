/**
 * Values of fields with comments and quoted strings (RFC 5322 section 3.2).
 * @module
 */

/** A piece of a value. An `end` is a semicolon. */
export interface Token {
  readonly kind: "text" | "quoted" | "comment" | "end";
  readonly text: string;
}

const TEXT = /(?:[^"(;\\]|\\[^]|\\$)+/y;

/** The pieces of a value, in linear time. The last one is `undefined` if it is a comment or a quoted string without an end. */
export function* tokensOf(value: string): Generator<Token | undefined, void, undefined> {
  for (let at = 0; at < value.length;) {
    const first = value[at];
    const kind = first === '"'
      ? "quoted"
      : first === "("
      ? "comment"
      : first === ";"
      ? "end"
      : "text";
    const end = endOf(kind, value, at);
    if (end === undefined) return yield undefined;
    yield { kind, text: value.slice(at, end) };
    at = end;
  }
}

function endOf(kind: Token["kind"], value: string, start: number): number | undefined {
  if (kind === "end") return start + 1;
  if (kind === "text") {
    TEXT.lastIndex = start;
    TEXT.test(value);
    return TEXT.lastIndex;
  }
  let depth = 1;
  for (let at = start + 1; at < value.length; at++) {
    const character = value[at];
    if (character === "\\") at++;
    else if (kind === "comment" && character === "(") depth++;
    else if (character === (kind === "comment" ? ")" : '"') && --depth === 0) return at + 1;
  }
  return undefined;
}

/**
 * The parts of a value between semicolons, with a space in place of each comment. The last one is `undefined` if a
 * comment or a quoted string in it does not end.
 */
export function* partsOf(value: string): Generator<string | undefined, void, undefined> {
  let part = "";
  for (const token of tokensOf(value)) {
    if (token === undefined) return yield undefined;
    const { kind, text } = token;
    if (kind === "end") {
      yield part;
      part = "";
    } else part += kind === "comment" ? " " : text;
  }
  yield part;
}

/** What a token or a quoted string says. */
export const unquoted = (text: string): string =>
  text.startsWith('"') ? text.slice(1, -1).replace(/\\([^])/g, "$1") : text;
