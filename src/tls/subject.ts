/**
 * The subject of a certificate and its issuer, as a text that no other subject has. The runtime's own text has values as
 * they are, so that `O=Example` can be a part of the name or of somebody's chosen common name.
 * @module
 */
import type { Buffer } from "node:buffer";
import { dotted, fieldsOf, type Part, partsOf } from "./der.ts";

/** The short names of attributes (RFC 4514 section 3), and `emailAddress`, which certificates have. */
const NAMES: Readonly<Record<string, string>> = {
  "550403": "CN",
  "550406": "C",
  "550407": "L",
  "550408": "ST",
  "550409": "street",
  "55040a": "O",
  "55040b": "OU",
  "0992268993f22c640101": "UID",
  "0992268993f22c640119": "DC",
  "2a864886f70d010901": "emailAddress",
};

/** The encodings of texts in DER, by their tags. */
const TEXTS: Readonly<Record<number, (octets: Buffer) => string>> = {
  0x0c: (octets) => octets.toString("utf8"),
  0x13: (octets) => octets.toString("latin1"),
  0x14: (octets) => octets.toString("latin1"),
  0x16: (octets) => octets.toString("latin1"),
  0x1e: (octets) => new TextDecoder("utf-16be").decode(octets),
};

/**
 * The distinguished name (RFC 4514) of the subject of a certificate in DER, as
 * `openssl x509 -nameopt RFC2253,-esc_msb,utf8` has it.
 */
export const subjectOf = (certificate: Uint8Array): string =>
  printName(fieldsOf(certificate).subject);

/** The same of its issuer. */
export const issuerOf = (certificate: Uint8Array): string =>
  printName(fieldsOf(certificate).issuer);

const printName = ({ content }: Part): string =>
  partsOf(content).map((names) => partsOf(names.content).map(printAttribute).toReversed().join("+"))
    .toReversed().join(",");

function printAttribute({ content }: Part): string {
  const [type, value] = partsOf(content) as [Part, Part];
  const name = NAMES[type.content.toString("hex")];
  const read = TEXTS[value.tag];
  return name === undefined || read === undefined
    ? `${name ?? dotted(type.content)}=#${value.whole.toString("hex").toUpperCase()}`
    : `${name}=${escaped(read(value.content))}`;
}

/** RFC 4514 section 2.4. */
const escaped = (text: string): string =>
  text.replace(/["+,;<>\\]|^[ #]| $/g, "\\$&").replace(
    // deno-lint-ignore no-control-regex -- they must not reach a log
    /[\x00-\x1f\x7f]/g,
    (control) => `\\${control.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );
