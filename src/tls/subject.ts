/**
 * The subject of a certificate, as a text that no other subject has. The runtime's own text has values as they are,
 * so that `O=Example` can be a part of the name or of somebody's chosen common name.
 * @module
 */
import { Buffer } from "node:buffer";

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
export function subjectOf(certificate: Uint8Array): string {
  const signed = partsOf(partsOf(Buffer.from(certificate))[0]!.content)[0]!.content;
  const [first, ...others] = partsOf(signed);
  const VERSION = 0xa0;
  // The serial number, the algorithm, the issuer and the validity come before the subject (RFC 5280 section 4.1).
  const subject = (first!.tag === VERSION ? others.slice(1) : others)[3]!;
  const names = partsOf(subject.content).map(({ content }) =>
    partsOf(content).map(printAttribute).toReversed().join("+")
  );
  return names.toReversed().join(",");
}

/** A part of DER (X.690): what it is, and what it holds. */
interface Part {
  readonly tag: number;
  readonly content: Buffer;
  /** All its octets. */
  readonly whole: Buffer;
}

function partsOf(octets: Buffer): Part[] {
  const parts: Part[] = [];
  for (let at = 0; at < octets.length;) {
    const tag = octets.readUInt8(at);
    const short = octets.readUInt8(at + 1);
    const more = short < 0x80 ? 0 : short - 0x80;
    const length = more === 0 ? short : octets.readUIntBE(at + 2, more);
    const start = at + 2 + more;
    const end = start + length;
    parts.push({
      tag,
      content: octets.subarray(start, end),
      whole: octets.subarray(at, end),
    });
    at = end;
  }
  return parts;
}

function printAttribute({ content }: Part): string {
  const [type, value] = partsOf(content) as [Part, Part];
  const name = NAMES[type.content.toString("hex")];
  const read = TEXTS[value.tag];
  return name === undefined || read === undefined
    ? `${name ?? dotted(type.content)}=#${value.whole.toString("hex").toUpperCase()}`
    : `${name}=${escaped(read(value.content))}`;
}

/** An object identifier as numbers. */
function dotted(octets: Buffer): string {
  const numbers: number[] = [];
  let number = 0;
  for (const octet of octets) {
    number = number * 128 + (octet & 0x7f);
    if (octet < 0x80) {
      numbers.push(number);
      number = 0;
    }
  }
  const [both = 0, ...rest] = numbers;
  const top = Math.min(2, Math.floor(both / 40));
  return [top, both - 40 * top, ...rest].join(".");
}

/** RFC 4514 section 2.4. */
const escaped = (text: string): string =>
  text.replace(/["+,;<>\\]|^[ #]| $/g, "\\$&").replace(
    // deno-lint-ignore no-control-regex -- they must not reach a log
    /[\x00-\x1f\x7f]/g,
    (control) => `\\${control.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );
