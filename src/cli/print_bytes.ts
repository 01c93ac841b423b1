/**
 * Bytes as text for people.
 * @module
 */
import { Buffer } from "node:buffer";
import { tried } from "../base/tried.ts";
import { printable } from "../log/escape.ts";

/**
 * What a client sends, as a line of a transcript: `C:` where that shows all of it, else `B:`.
 *
 * @param sent one character a byte
 */
export function printSent(sent: string): string {
  const [, line] = /^([^\r\n]*)\r\n$/.exec(sent) ?? [];
  if (line === "") return "C:";
  const text = line === undefined ? undefined : textOf(line);
  return text === undefined ? `B: ${escape(sent)}` : `C: ${text}`;
}

/** A line as the text that it is, or with escapes for its bytes. */
export const printLine = (line: string): string => textOf(line) ?? escape(line);

/** The text of these bytes in UTF-8; `undefined` if they are not UTF-8, or a part would be invisible. */
function textOf(bytes: string): string | undefined {
  const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const text = tried(() => utf8.decode(Buffer.from(bytes, "latin1")));
  const withoutTabs = text?.replaceAll("\t", "");
  return withoutTabs && printable(withoutTabs) !== withoutTabs ? undefined : text;
}

const ESCAPES: Readonly<Record<string, string>> = {
  "\r": "\\r",
  "\n": "\\n",
  "\t": "\\t",
  "\\": "\\\\",
};

const escape = (bytes: string): string =>
  bytes.replace(
    /[^\x20-\x5b\x5d-\x7e]/g,
    (char) => ESCAPES[char] ?? `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
