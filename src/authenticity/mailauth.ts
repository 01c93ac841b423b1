/**
 * The parts of the library mailauth that are used, with their types. It is loaded when something is checked for the
 * first time.
 * @module
 */

import type { RecordType } from "../dns/records.ts";
import type { SpfResult } from "./verdict.ts";

/** A tag of a field, by RFC 6376 section 3.2: numbers where the tag is one. */
interface Tag {
  value: string | number;
}

/** A line of a header, with its continuation lines, as mailauth has it. */
export interface HeaderLine {
  /** The name in lower case. */
  readonly key: string;
  readonly casedKey: string;
  readonly line: Uint8Array;
}

/** A field with tags. */
export interface TagField {
  readonly parsed: { readonly [name: string]: Tag | undefined };
  /** The field as it was sent, without its last CRLF. */
  original: Uint8Array;
}

/** A field `DKIM-Signature`, or the newest `ARC-Message-Signature`. */
export interface SignatureField extends TagField {
  readonly type: "DKIM" | "ARC";
  /** Why it cannot be understood. */
  readonly skip?: string;
  /** Which rule it breaks. */
  readonly invalid?: string;
  readonly signingDomain: string;
  selector: string;
  /** The tag `i`, decoded. */
  readonly identity?: string;
  readonly algorithm: string;
  readonly hashAlgo: string;
  readonly bodyCanon: string;
  /** The tag `l`. */
  readonly maxBodyLength: number | "";
  readonly timestamp: Date | null;
  readonly expiration: Date | null;
}

/** One link of a chain: its three fields (RFC 8617 section 4.2). */
export interface ArcSet {
  readonly i: number;
  readonly "arc-seal": TagField;
  readonly "arc-message-signature": TagField;
  readonly "arc-authentication-results": TagField;
  messageSignature?: { readonly status: { readonly result: string } };
}

/** What is known of a chain before its signatures are verified. */
export interface ArcData {
  readonly chain: readonly ArcSet[] | false;
  readonly lastEntry?: ArcSet;
  /** What is wrong with the chain. */
  readonly error?: Error;
  keyCache: KeyCache;
}

/** A public key from the DNS. */
export interface PublicKey {
  /** In PEM. */
  readonly publicKey: string;
  readonly keyType: "rsa" | "ed25519";
  /** Bits of an RSA key. */
  readonly modulusLength?: number;
}

/** The keys of one message. */
export interface KeyCache {
  readonly resolver: LibraryLookup;
  get(type: string, name: string): Promise<PublicKey>;
}

/** Looks records up: each as the strings that it is made of. */
export type LibraryLookup = (name: string, type: string) => Promise<string[][]>;

/** The hash of a body, as mailauth wants it. */
interface BodyHash {
  readonly hash: string;
}

/** Parses and verifies the signatures of one message. */
export interface Verifier {
  readonly signatureHeaders: readonly SignatureField[];
  readonly arc: ArcData;
  readonly bodyHashes: Map<string, BodyHash>;
  headers: { readonly parsed: readonly HeaderLine[] };
  keyCache: KeyCache;
  addBodyHash: (form: string) => string;
  messageHeaders(headers: { readonly parsed: readonly HeaderLine[] }): Promise<void>;
  verifySignature(
    field: SignatureField,
  ): Promise<{ readonly status: { readonly result: string; readonly comment?: string } }>;
}

/** What SPF says of a client. */
export interface LibrarySpf {
  readonly status: { readonly result: SpfResult; readonly comment?: string };
  readonly domain: string;
  readonly explanation?: string;
  readonly lookups?: { readonly count: number };
}

/** What is used of mailauth. */
export interface Mailauth {
  spf(options: {
    readonly strict: true;
    readonly ip: string;
    readonly helo: string;
    /** The sender; empty for the null path. */
    readonly sender: string;
    readonly mta: string;
    readonly resolver: (name: string, type: RecordType) => Promise<unknown[]>;
  }): Promise<LibrarySpf>;
  readonly DkimVerifier: new (options: {
    readonly strict: true;
    readonly resolver: LibraryLookup;
    readonly curTime: Date;
    readonly minBitLength: number;
  }) => Verifier;
  arc(data: ArcData, options: { readonly strict: true; readonly resolver: LibraryLookup }): Promise<
    { readonly status: { readonly result: "none" | "pass" | "fail"; readonly comment?: string } }
  >;
  getPublicKey(
    type: string,
    name: string,
    minBits: number,
    resolver: LibraryLookup,
    options: { readonly strict: true; readonly hashAlgo: string },
  ): Promise<PublicKey>;
}

let loading: Promise<Mailauth> | undefined;

/** The library. */
export const mailauth = (): Promise<Mailauth> => loading ??= load();

async function load(): Promise<Mailauth> {
  const [{ DkimVerifier }, { arc }, { getPublicKey }, { spf }] = await Promise.all([
    import("mailauth/lib/dkim/dkim-verifier.js"),
    import("mailauth/lib/arc/index.js"),
    import("mailauth/lib/tools.js"),
    import("mailauth/lib/spf/index.js"),
  ]);
  return { DkimVerifier, arc, getPublicKey, spf } as unknown as Mailauth;
}
