/**
 * A certificate of another server: whom it is for, by whom it is, and when it is valid.
 * @module
 */
import type { Buffer } from "node:buffer";
import { X509Certificate } from "node:crypto";
import { ipOfOctets, parseIp, peerAddress } from "../base/ip.ts";
import { canonicalName } from "../dns/name.ts";
import { dotted, fieldsOf, partsOf } from "./der.ts";
import { isFor } from "./key_pair.ts";
import { issuerOf, subjectOf } from "./subject.ts";

/** A certificate, read. */
export interface Certificate {
  readonly x509: X509Certificate;
  /** The names that it is for (the extension `subjectAltName`); one may begin with `*.`. */
  readonly names: readonly string[];
  /** The addresses that it is for. */
  readonly addresses: readonly string[];
  /** The common names of the subject, which old certificates have instead of `names`. */
  readonly commonNames: readonly string[];
  readonly from: Date;
  readonly to: Date;
  /** Whether it may issue others: with at most so many authorities below. */
  readonly authority: { readonly below: number } | undefined;
  /** Whether it is for servers. */
  readonly forServers: boolean;
  /** Whether what it issues is limited to some names. */
  readonly constrained: boolean;
}

const ALTERNATIVE_NAMES = "2.5.29.17";
const BASIC_CONSTRAINTS = "2.5.29.19";
const NAME_CONSTRAINTS = "2.5.29.30";
const EXTENDED_KEY_USAGE = "2.5.29.37";
const FOR_SERVERS = "1.3.6.1.5.5.7.3.1";
const FOR_ALL = "2.5.29.37.0";

/** Reads a certificate in DER. Throws for what is none. */
export function readCertificate(der: Uint8Array): Certificate {
  const x509 = new X509Certificate(der);
  const { extensions } = fieldsOf(der);
  const uses = extensions.get(EXTENDED_KEY_USAGE);
  const alternatives = extensions.get(ALTERNATIVE_NAMES);
  const DNS = 0x82;
  const IP = 0x87;
  return {
    x509,
    names: alternativesIn(alternatives, DNS).map((name) => name.toString("latin1").toLowerCase()),
    addresses: alternativesIn(alternatives, IP).filter(({ length }) => [4, 16].includes(length))
      .map(ipOfOctets),
    commonNames: subjectOf(der).split(/(?<!\\)[,+]/).filter((part) => part.startsWith("CN="))
      .map((part) => part.slice(3)),
    from: dateOf(x509.validFrom),
    to: dateOf(x509.validTo),
    authority: authorityIn(extensions.get(BASIC_CONSTRAINTS)),
    forServers: uses === undefined ||
      partsOf(partsOf(uses)[0]!.content).some(({ content }) =>
        [FOR_SERVERS, FOR_ALL].includes(dotted(content))
      ),
    constrained: extensions.has(NAME_CONSTRAINTS),
  };
}

function dateOf(text: string): Date {
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) throw new RangeError(`no date: ${text}`);
  return date;
}

/** The alternative names of one kind (RFC 5280 section 4.2.1.6). */
const alternativesIn = (extension: Buffer | undefined, kind: number): Buffer[] =>
  extension === undefined
    ? []
    : partsOf(partsOf(extension)[0]!.content).filter(({ tag }) => tag === kind)
      .map(({ content }) => content);

/** RFC 5280 section 4.2.1.9. */
function authorityIn(extension: Buffer | undefined): Certificate["authority"] {
  const parts = extension === undefined ? [] : partsOf(partsOf(extension)[0]!.content);
  const BOOLEAN = 0x01;
  const INTEGER = 0x02;
  const isAuthority = parts.some(({ tag, content }) => tag === BOOLEAN && content[0] !== 0);
  if (!isAuthority) return undefined;
  const below = parts.find(({ tag }) => tag === INTEGER)?.content;
  return { below: below === undefined ? Infinity : below.readUIntBE(0, below.length) };
}

/**
 * Whether a certificate is for a server (RFC 9525 section 6.3).
 *
 * @param server a name, or an address; `.example.net` is any host below example.net
 */
export function isForServer(
  { names, addresses }: Pick<Certificate, "names" | "addresses">,
  server: string,
): boolean {
  const address = parseIp(server);
  if (address !== undefined) return addresses.includes(peerAddress(server));
  const wanted = canonicalName(server);
  return names.some((name) =>
    wanted.startsWith(".")
      ? name.endsWith(wanted) && name.length > wanted.length
      : isFor(name, wanted)
  );
}

/** When it is not valid: `expired on 2026-10-01`; `undefined` if it is valid now. */
export function untimely({ from, to }: Certificate, now: number): string | undefined {
  if (to.getTime() < now) return `expired on ${day(to)}`;
  return from.getTime() > now ? `is valid only from ${day(from)} on` : undefined;
}

/** How many names are told. */
const TOLD = 4;

/** For people: `for mx.example.net, issued by CN=Example CA, valid from 2026-01-01 to 2026-12-31`. */
export function describeCertificate(
  { x509, names, addresses, commonNames, from, to }: Certificate,
): string {
  const alternatives = [...names, ...addresses];
  const all = alternatives.length > 0 ? alternatives : commonNames;
  const rest = all.length > TOLD ? ` and ${all.length - TOLD} more` : "";
  const [subject, issuer] = [subjectOf(x509.raw), issuerOf(x509.raw)];
  const by = subject === issuer ? "itself" : issuer || "nobody";
  return printable(
    `for ${all.slice(0, TOLD).join(", ") || "no name"}${rest}, issued by ${by}, ` +
      `valid from ${day(from)} to ${day(to)}`,
  );
}

const day = (date: Date): string => date.toISOString().slice(0, 10);

/** What the other side has chosen, and is shown to people, is one line of ASCII. */
const printable = (text: string): string => text.replace(/[^ -~]/g, "?");
