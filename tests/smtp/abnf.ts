/**
 * The standards' own grammars: the values of parameters as an ABNF parser reads them. Of the program it has only which
 * characters beyond ASCII addresses have, which is tested elsewhere.
 *
 * @module
 */
import apg from "apg-js";
import { isIPv4, isIPv6 } from "node:net";
import { isMailDomain } from "../../src/smtp/mailbox.ts";
import { isLocalPart } from "../../src/smtp/unicode.ts";

/**
 * RFC 3461 section 4, RFC 6533 section 3, RFC 2852 section 4, RFC 4865 section 4, RFC 6710 section 4; mailboxes by
 * RFC 5321 section 4.1.2 and RFC 6531 section 3.3. The parser takes the first alternative that fits, so the longer
 * ones come first. Underscores in domains are what many names have.
 */
const ABNF = `
RET = "FULL" / "HDRS"
NOTIFY = notification *("," notification)
notification = "NEVER" / "SUCCESS" / "FAILURE" / "DELAY"
ENVID = 1*(xchar / hexchar)
ORCPT = utf-8 / other
utf-8 = "utf-8;" 1*(quchar / embedded)
other = addr-type ";" *(xchar / hexchar)
addr-type = 1*(%x21 / %x23-27 / "*" / "+" / "-" / "/" / %x30-39 / "?" / %x41-5A / %x5E-7E)
xchar = %x21-2A / %x2C-3C / %x3E-7E
hexchar = "+" 2(%x30-39 / %x41-46)
quchar = %x21-2A / %x2C-3C / %x3E-5B / %x5D-7E / %x80-10FFFF
embedded = %x5C.78 "{" hexpoint "}"
hexpoint = "10" 4hexdig / nzhexdig 4hexdig / "D" %x30-37 2hexdig / nzdhexdig 3hexdig /
  nzhexdig 2hexdig / "5C" / "2B" / "3D" / "7F" / hexdig8 hexdig / "10" / "20" / ("0" / "1") %x31-39
hexdig = %x30-39 / "A" / "B" / "C" / "D" / "E" / "F"
hexdig8 = %x38-39 / "A" / "B" / "C" / "D" / "E" / "F"
nzhexdig = %x31-39 / "A" / "B" / "C" / "D" / "E" / "F"
nzdhexdig = %x31-39 / "A" / "B" / "C" / "E" / "F"
BY = by-time ";" ("N" / "R") ["T"]
by-time = ["-" / "+"] 1*9digit
HOLDFOR = 1*9digit
HOLDUNTIL = 4digit "-" 2digit "-" 2digit "T" 2digit ":" 2digit ":" 2digit ["." 1*digit] zone
zone = "Z" / ("+" / "-") 2digit ":" 2digit
MT-PRIORITY = ["-"] %x31-39 / "0"
digit = %x30-39
rfc822-address = mailbox / local-part
mailbox = local-part "@" (name / literal)
local-part = dot-string / quoted-string
dot-string = 1*atext *("." 1*atext)
atext = %x21 / %x23-27 / "*" / "+" / "-" / "/" / digit / "=" / "?" / %x41-5A / %x5E-7E / %x80-10FFFF
quoted-string = %x22 *(%x20-21 / %x23-5B / %x5D-7E / %x80-10FFFF / %x5C %x20-7E) %x22
name = label *("." label)
label = let-dig *(*"-" let-dig)
let-dig = digit / %x41-5A / %x61-7A / "_" / %x80-10FFFF
literal = "[" 1*(%x21-5A / %x5E-7E) "]"
`;

const api = new apg.apgApi(ABNF.replaceAll("/\n  ", "/ ").trimStart());
api.generate();
if (api.errors.length > 0) throw new TypeError(api.errorsToAscii());
const grammar = api.toObject();
const parser = new apg.apgLib.parser();

/** Whether a whole text is what a rule names. */
const is = (rule: string, text: string): boolean =>
  parser.parse(grammar, rule, [...text].map((character) => character.codePointAt(0)!)).success;

/** The value of a parameter that has one, or `undefined` for a bad one. */
export const REFERENCE: Readonly<Record<string, (text: string) => unknown>> = {
  RET: (text) => is("RET", text) ? text.toUpperCase() : undefined,
  NOTIFY: (text) => {
    const words = text.toUpperCase().split(",");
    const isGood = is("NOTIFY", text) && new Set(words).size === words.length;
    if (!isGood || !words.includes("NEVER")) return isGood ? words : undefined;
    return words.length === 1 ? [] : undefined;
  },
  ENVID: (text) => {
    const id = is("ENVID", text) ? ascii(text) : undefined;
    return id !== undefined && id.length <= 100 ? id : undefined;
  },
  ORCPT: (text) => {
    if (!is("ORCPT", text)) return undefined;
    const type = text.slice(0, text.indexOf(";")).toLowerCase();
    const encoded = text.slice(type.length + 1);
    if (type === "utf-8" && !is("utf-8", text)) return undefined;
    const address = type === "utf-8" ? unicode(encoded) : ascii(encoded);
    if (address === undefined) return undefined;
    if (type === "rfc822" && !isMailbox("rfc822-address", address)) return undefined;
    if (type === "utf-8" && !isMailbox("mailbox", address)) return undefined;
    return { type, address };
  },
  BY: (text) => {
    if (!is("BY", text)) return undefined;
    const seconds = parseInt(text, 10);
    const late = /R/i.test(text) ? "return" : "notify";
    return late === "return" && seconds <= 0
      ? undefined
      : { seconds, late, trace: /T$/i.test(text) };
  },
  HOLDFOR: (text) => is("HOLDFOR", text) ? parseInt(text, 10) : undefined,
  HOLDUNTIL: (text) => {
    if (!is("HOLDUNTIL", text)) return undefined;
    const [year, month, day, hour, minute, second] = text.split(/\D/).map(Number) as Six;
    const isLeap = year % 4 === 0 && year % 100 !== 0 || year % 400 === 0;
    const days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1];
    const [, sign, hours = 0, minutes = 0] = /([+-])(\d\d):(\d\d)$/.exec(text) ?? [];
    const isTime = days !== undefined && day >= 1 && day <= days && hour < 24 && minute < 60 &&
      second <= 60 && Number(hours) < 24 && Number(minutes) < 60;
    const offset = (sign === "-" ? -1 : 1) * (60 * Number(hours) + Number(minutes));
    const milliseconds = Number((/\.(\d+)/.exec(text)?.[1] ?? "").padEnd(3, "0").slice(0, 3));
    const seconds = Math.min(second, 59); // the last second of a day with 60 is the one before
    const time = new Date(0);
    time.setUTCFullYear(year, month - 1, day);
    time.setUTCHours(hour, minute - offset, seconds, milliseconds);
    return isTime ? time : undefined;
  },
  "MT-PRIORITY": (text) => is("MT-PRIORITY", text) ? parseInt(text, 10) : undefined,
};

type Six = [number, number, number, number, number, number];

/** xtext as the percent encoding of the web, which is the same but for its sign. */
function ascii(xtext: string): string | undefined {
  const encoded = xtext.replaceAll("%", "%25").replaceAll("+", "%");
  try {
    const decoded = decodeURIComponent(encoded);
    return [...decoded].every((character) => character >= " " && character <= "~")
      ? decoded
      : undefined;
  } catch {
    return undefined; // octets that are not UTF-8
  }
}

function unicode(unitext: string): string | undefined {
  const [first = "", ...rest] = unitext.split("\\x{");
  const decoded = rest.reduce((text, part) => {
    const end = part.indexOf("}");
    return text + String.fromCodePoint(Number(`0x${part.slice(0, end)}`)) + part.slice(end + 1);
  }, first);
  const isPrintable = [...decoded].every((character) => {
    const point = character.codePointAt(0)!;
    const isSurrogate = point >= 0xd800 && point <= 0xdfff;
    return point >= 0x20 && !(point >= 0x7f && point <= 0x9f) && !isSurrogate;
  });
  return isPrintable ? decoded : undefined;
}

function isMailbox(rule: "rfc822-address" | "mailbox", address: string): boolean {
  if (!is(rule, address)) return false;
  const [local] = /^(?:"(?:\\.|[^"\\])*"|[^"@]*)/.exec(address)!;
  const domain = address.slice(local.length + 1);
  if (/[^\0-\x7f]/.test(address)) return isLocalPart(local) && isMailDomain(domain);
  if (!domain.startsWith("[")) return domain.split(".").every((label) => label.length <= 63);
  const literal = domain.slice(1, -1);
  const tag = /^[A-Za-z0-9-]*[A-Za-z0-9](?=:.)/.exec(literal)?.[0];
  if (tag === undefined) return isIPv4(literal);
  const inside = literal.slice(tag.length + 1);
  return tag.toLowerCase() !== "ipv6" || isIPv6(inside) && !inside.includes("%");
}
