/**
 * Records of the DNS, in the shapes that `node:dns/promises` gives them.
 * @module
 */
import { characters } from "../smtp/ascii.ts";

/** A mail exchanger (RFC 1035 section 3.3.9). `exchange` is `""` for the root: a null MX (RFC 7505). */
export interface MxRecord {
  /** The name of the host. */
  readonly exchange: string;
  /** The lowest is tried first. */
  readonly priority: number;
}

/** A service (RFC 2782). */
export interface SrvRecord {
  /** The name of the host that offers the service. */
  readonly name: string;
  /** Its TCP or UDP port. */
  readonly port: number;
  /** The lowest is tried first. */
  readonly priority: number;
  /** The share among those with the same priority. */
  readonly weight: number;
}

/** The certificate of a TLS server (RFC 6698). */
export interface TlsaRecord {
  /** How the certificate is tied to the server: 0 to 3 (section 2.1.1). */
  readonly certUsage: number;
  /** What is compared: 0 the whole certificate, 1 its public key (section 2.1.2). */
  readonly selector: number;
  /** How: 0 octet by octet, 1 by SHA-256, 2 by SHA-512 (section 2.1.3). */
  readonly match: number;
  /** What it is compared with. */
  readonly data: Uint8Array;
}

/** The start of a zone. */
export interface SoaRecord {
  /** The name of the primary server. */
  readonly nsname: string;
  /** The mailbox of the zone's administrator, with a dot for the `@`. */
  readonly hostmaster: string;
  /** The version of the zone. */
  readonly serial: number;
  /** Seconds after which a secondary server asks the primary one for changes. */
  readonly refresh: number;
  /** Seconds until it asks again after a failure. */
  readonly retry: number;
  /** Seconds without an answer after which it stops serving the zone. */
  readonly expire: number;
  /** Seconds that the absence of a name may be remembered (RFC 2308 section 4). */
  readonly minttl: number;
}

/** What a record of each type is. */
export interface RecordTypes {
  /** An IPv4 address. */
  A: string;
  /** An IPv6 address. */
  AAAA: string;
  /** The name that this one stands for. */
  CNAME: string;
  /** A mail exchanger. */
  MX: MxRecord;
  /** The name of a server of the zone. */
  NS: string;
  /** The name that this one points to: that of a host, for an address. */
  PTR: string;
  /** The start of a zone. */
  SOA: SoaRecord;
  /** A service. */
  SRV: SrvRecord;
  /** The certificate of a TLS server. */
  TLSA: TlsaRecord;
  /** A text, as the strings that it is made of, with one character for each octet. */
  TXT: string[];
}

/** The types of records that can be looked up. */
export type RecordType = keyof RecordTypes;

/** The data of records as dns-packet decodes it, by type. */
interface PacketData {
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

/** A name without the final dot. */
const name = (text: string): string => text === "." ? "" : text.replace(/\.$/, "");

/** How the data of each type is turned into its record. */
export const RECORDS: { readonly [T in RecordType]: (data: PacketData[T]) => RecordTypes[T] } = {
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
  TXT: (data) => (data instanceof Uint8Array ? [data] : data).map((part) => characters(part)),
};

/** A copy of a record, which its receiver may change. */
export const copyOfRecord = <R>(record: R): R =>
  typeof record === "string" ? record : structuredClone(record);
