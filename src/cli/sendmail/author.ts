/**
 * The author of a message without one, as `sendmail -F` names him.
 * @module
 */
import { findAccount } from "../../base/passwd.ts";
import { encode } from "../../smtp/ascii.ts";
import { isAscii } from "../../smtp/unicode.ts";

/**
 * The value of a field `From`. Without a sender it has the user of this process, to whose name the server adds the domain.
 *
 * @param sender an address; `""` for none
 */
export function authorOf(fullName: string, sender: string): string {
  const name = fullName.replace(/[\r\n\0]/g, " ").trim();
  const address = sender || findAccount(Deno.uid()!)?.name;
  return address === undefined ? phrase(name) : `${phrase(name)} <${address}>`;
}

/** The name as RFC 5322 and RFC 2047 have it. */
const phrase = (name: string): string =>
  isAscii(name)
    ? `"${name.replace(/["\\]/g, "\\$&")}"`
    : `=?utf-8?B?${encode(name.slice(0, 30)).toBase64()}?=`;
