/**
 * Addresses as they are written in fields of a header.
 * @module
 */
import { Buffer } from "node:buffer";
import { Mailbox } from "postmaster";

/**
 * A value of a field with addresses (RFC 5322 section 3.4) in which each address that is a local part alone has a
 * domain: `joe, Jane <jane>` becomes `joe@example.net, Jane <jane@example.net>`. All else stays, and so does a value
 * that cannot be read.
 *
 * @param raw the value as it was sent, one character for each octet
 */
export function withDomains(raw: string, domain: string): string {
  const words = wordsOf(raw);
  if (words === undefined) return raw;
  const pieces: string[] = [];
  let end = 0;
  const insertAt = (place: number) => {
    pieces.push(raw.slice(end, place), `@${domain}`);
    end = place;
  };
  for (const { start, text } of bareAddresses(words)) {
    const local = Buffer.from(text, "latin1").toString();
    if (Mailbox.tryParse(`${local}@${domain}`) !== undefined) insertAt(start + text.length);
  }
  return pieces.join("") + raw.slice(end);
}

/** The addresses of a value that have neither comments nor white space in them, as they are written. */
export function solidAddresses(raw: string): ReadonlySet<string> {
  const words = wordsOf(raw) ?? [];
  return new Set(words.map(({ start, text }, i) => {
    if (text.startsWith("<")) return text.slice(1, -1).trim();
    const next = words[i + 1]; // a local part in quotes has its domain in the next word
    const isQuoted = text.startsWith('"') && next?.start === start + text.length;
    return isQuoted ? text + next.text : text;
  }));
}

/** A piece of a value, without the comments and the white space around it. */
interface Word {
  readonly start: number;
  readonly text: string;
}

/** The only words of addresses, inside or without angle brackets. */
function* bareAddresses(words: readonly Word[]): Generator<Word> {
  let address: Word[] = [];
  const only = () => address.length === 1 ? address : [];
  for (const word of words) {
    const { start, text } = word;
    if (text.startsWith("<")) {
      const inner = text.slice(1, -1);
      const space = inner.length - inner.trimStart().length;
      yield { start: start + 1 + space, text: inner.trim() };
      address = [word, word]; // no other word of it is an address
    } else if (/^[,;:]$/.test(text)) {
      if (text !== ":") yield* only(); // before a colon stands the name of a group
      address = [];
    } else address.push(word);
  }
  yield* only();
}

const SPACE = /[ \t\r\n]+/y;
const WORD =
  /"(?:[^"\\]|\\[^])*"|<(?:[^<>"()]|"(?:[^"\\]|\\[^])*")*>|[,;:]|(?:\[[^[\]]*\]|[^"()<>,;:[\]\\ \t\r\n])+/y;

/** The words of a value; `undefined` for one that is not made of them. */
function wordsOf(raw: string): readonly Word[] | undefined {
  const words: Word[] = [];
  for (let at = 0; at < raw.length;) {
    const space = endOf(SPACE, raw, at) ?? endOfComment(raw, at);
    const end = space ?? endOf(WORD, raw, at);
    if (end === undefined) return undefined;
    if (space === undefined) words.push({ start: at, text: raw.slice(at, end) });
    at = end;
  }
  return words;
}

function endOf(pattern: RegExp, raw: string, at: number): number | undefined {
  pattern.lastIndex = at;
  return pattern.test(raw) ? pattern.lastIndex : undefined;
}

/** Comments may stand in comments. */
function endOfComment(raw: string, start: number): number | undefined {
  if (raw[start] !== "(") return undefined;
  let depth = 0;
  for (let at = start; at < raw.length; at++) {
    if (raw[at] === "\\") at++;
    else if (raw[at] === "(") depth++;
    else if (raw[at] === ")" && --depth === 0) return at + 1;
  }
  return undefined;
}
