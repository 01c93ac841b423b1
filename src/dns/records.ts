/**
 * Records of the DNS, in the shapes that `node:dns/promises` gives them.
 *
 * @module
 */

/** A mail exchanger (RFC 1035 section 3.3.9). `exchange` is `""` for the root: a null MX (RFC 7505). */
export interface MxRecord {
  readonly exchange: string;
  readonly priority: number;
}

/** A service (RFC 2782). */
export interface SrvRecord {
  readonly name: string;
  readonly port: number;
  readonly priority: number;
  readonly weight: number;
}

/** The certificate of a TLS server (RFC 6698). */
export interface TlsaRecord {
  readonly certUsage: number;
  readonly selector: number;
  readonly match: number;
  readonly data: Uint8Array;
}

/** The start of a zone. */
export interface SoaRecord {
  readonly nsname: string;
  readonly hostmaster: string;
  readonly serial: number;
  readonly refresh: number;
  readonly retry: number;
  readonly expire: number;
  readonly minttl: number;
}

/** What a record of each type is. */
export interface RecordTypes {
  A: string;
  AAAA: string;
  CNAME: string;
  MX: MxRecord;
  NS: string;
  PTR: string;
  SOA: SoaRecord;
  SRV: SrvRecord;
  TLSA: TlsaRecord;
  TXT: string[];
}

/** The types of records that can be looked up. */
export type RecordType = keyof RecordTypes;

/** The data of records as dns-packet decodes it, by type. */
interface Decoded {
  A: string;
  AAAA: string;
  CNAME: string;
  MX: { preference?: number; exchange: string };
  NS: string;
  PTR: string;
  SOA: {
    mname: string;
    rname: string;
    serial: number;
    refresh: number;
    retry: number;
    expire: number;
    minimum: number;
  };
  SRV: { target: string; port?: number; priority?: number; weight?: number };
  TLSA: { usage: number; selector: number; matchingType: number; certificate: Uint8Array };
  TXT: Uint8Array | readonly Uint8Array[];
}

/** Names end with the root, which nobody writes. */
const name = (text: string): string => text === "." ? "" : text.replace(/\.$/, "");

const latin1 = new TextDecoder("latin1");

/** How the data of each type is turned into its record. */
export const RECORDS: { readonly [T in RecordType]: (data: Decoded[T]) => RecordTypes[T] } = {
  A: (data) => data,
  AAAA: (data) => data,
  CNAME: name,
  MX: ({ preference = 0, exchange }) => ({ exchange: name(exchange), priority: preference }),
  NS: name,
  PTR: name,
  SOA: ({ mname, rname, serial, refresh, retry, expire, minimum }) => ({
    nsname: name(mname),
    hostmaster: name(rname),
    serial,
    refresh,
    retry,
    expire,
    minttl: minimum,
  }),
  SRV: ({ target, port = 0, priority = 0, weight = 0 }) => ({
    name: name(target),
    port,
    priority,
    weight,
  }),
  TLSA: ({ usage, selector, matchingType, certificate }) => ({
    certUsage: usage,
    selector,
    match: matchingType,
    data: certificate,
  }),
  TXT: (data) => (data instanceof Uint8Array ? [data] : data).map((part) => latin1.decode(part)),
};
