/**
 * Certificates in DER (X.690, RFC 5280 section 4.1), as far as the runtime does not read them.
 * @module
 */
import { Buffer } from "node:buffer";

/** A part of DER: what it is, and what it holds. */
export interface Part {
  readonly tag: number;
  readonly content: Buffer;
  /** All its octets. */
  readonly whole: Buffer;
}

/** The parts that stand one after the other. Throws a RangeError for what is no DER. */
export function partsOf(octets: Buffer): Part[] {
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

/** An object identifier as numbers. */
export function dotted(octets: Buffer): string {
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

const VERSION = 0xa0;
const EXTENSIONS = 0xa3;
const OCTETS = 0x04;

/** The fields of a certificate. */
export interface Fields {
  readonly issuer: Part;
  readonly subject: Part;
  /** What each extension has, by its object identifier. */
  readonly extensions: ReadonlyMap<string, Buffer>;
}

/** Reads a certificate. Throws for what is none. */
export function fieldsOf(certificate: Uint8Array): Fields {
  const signed = partsOf(partsOf(Buffer.from(certificate))[0]!.content)[0]!.content;
  const all = partsOf(signed);
  const [, , issuer, , subject] = all[0]!.tag === VERSION ? all.slice(1) : all;
  const list = all.find(({ tag }) => tag === EXTENSIONS);
  const extensions = list === undefined ? [] : partsOf(partsOf(list.content)[0]!.content);
  return {
    issuer: issuer!,
    subject: subject!,
    extensions: new Map(extensions.map(({ content }) => {
      const [id, ...rest] = partsOf(content);
      return [dotted(id!.content), rest.find(({ tag }) => tag === OCTETS)!.content];
    })),
  };
}
