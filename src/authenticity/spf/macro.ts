/**
 * Macros of SPF records (RFC 7208 section 7).
 * @module
 */
import { permError } from "./fault.ts";

/** A text, or a macro that stands for a text. */
export type MacroPart =
  | string
  | {
    readonly letter: string;
    /** How many of the parts on the right are taken; all without a number. */
    readonly digits: number | undefined;
    readonly reversed: boolean;
    readonly delimiters: string;
    /** A capital letter: what a URI cannot have is escaped. */
    readonly escaped: boolean;
  };

/** Says what a macro letter stands for. */
export type MacroValues = (letter: string) => string | Promise<string>;

const MACRO = /%\{([slodiphcrtv])(\d*)(r?)([.\-+,/_=]*)\}|%([%_-])|([\x21-\x24\x26-\x7e]+)/giy;
const ESCAPED: Readonly<Record<string, string>> = { "%": "%", "_": " ", "-": "%20" };

/**
 * Reads a text with macros.
 *
 * @param isExplanation the text is one for people, in which spaces and the letters `c`, `r` and `t` are allowed
 * @throws {SpfFault} if it breaks the grammar
 */
export function parseMacros(text: string, isExplanation = false): readonly MacroPart[] {
  const parts: MacroPart[] = [];
  for (const word of isExplanation ? text.split(/( +)/) : [text]) {
    if (isExplanation && word.startsWith(" ")) parts.push(word);
    else parts.push(...partsOf(word, isExplanation));
  }
  return parts;
}

function* partsOf(text: string, isExplanation: boolean): Generator<MacroPart> {
  let end = 0;
  for (const [all, letter, digits, reversed, delimiters, escape, literal] of text.matchAll(MACRO)) {
    end += all.length;
    if (literal !== undefined) yield literal;
    else if (escape !== undefined) yield ESCAPED[escape]!;
    else {
      const number = digits === "" ? undefined : Number(digits);
      if (number === 0) throw permError(`the macro ${all} takes no parts`);
      if (!isExplanation && /[crt]/i.test(letter!)) {
        throw permError(`the macro ${all} is for explanations only`);
      }
      yield {
        letter: letter!.toLowerCase(),
        digits: number,
        reversed: reversed !== "",
        delimiters: delimiters || ".",
        escaped: letter !== letter!.toLowerCase(),
      };
    }
  }
  if (end !== text.length) throw permError(`"${text.slice(end)}" is no macro`);
}

/** The text for which the parts stand. */
export async function expand(parts: readonly MacroPart[], valueOf: MacroValues): Promise<string> {
  let text = "";
  for (const part of parts) {
    if (typeof part === "string") text += part;
    else {
      let pieces = splitAt(await valueOf(part.letter), part.delimiters);
      if (part.reversed) pieces.reverse();
      if (part.digits !== undefined) pieces = pieces.slice(-part.digits);
      const value = pieces.join(".");
      text += part.escaped ? escapeUri(value) : value;
    }
  }
  return text;
}

function splitAt(value: string, delimiters: string): string[] {
  const pieces = [""];
  for (const character of value) {
    if (delimiters.includes(character)) pieces.push("");
    else pieces[pieces.length - 1] += character;
  }
  return pieces;
}

/** All but the unreserved characters of RFC 3986 section 2.3. */
const escapeUri = (value: string): string =>
  encodeURIComponent(value).replace(
    /[!'()*]/g,
    (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`,
  );
