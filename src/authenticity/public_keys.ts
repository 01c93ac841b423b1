/**
 * The public keys of the signatures of one message.
 * @module
 */
import { yieldToOthers } from "../base/turn.ts";
import { DnsError } from "../dns/error.ts";
import type { Lookups } from "./lookups.ts";
import type { KeyCache, LibraryLookup, Mailauth, PublicKey } from "./mailauth.ts";

/** Bits of RSA keys that are accepted (RFC 8301 section 3.2); more than these nobody is bound to verify. */
export const LEAST_BITS = 1024;
const MOST_BITS = 4096;
/** The length in base64 of a longer key, with its exponent and its frame. */
const MOST_BASE64 = Math.ceil((MOST_BITS / 8 + 64) * 4 / 3);

/** The name of a key's record (RFC 6376 section 3.6.2.1). */
export const keyName = (selector: string, domain: string): string =>
  `${selector}._domainkey.${domain}`;

/** Why there is no key. */
export class KeyFault extends Error {
  override readonly name = "KeyFault";
  /** `temperror` if the DNS may tell later; `policy` for a key that is not accepted. */
  readonly result: "temperror" | "permerror" | "policy";
  /** Bits of an RSA key. */
  readonly bits?: number | undefined;

  constructor(result: KeyFault["result"], message: string, bits?: number) {
    super(message);
    this.result = result;
    this.bits = bits;
  }
}

/** Looks each key up once. */
export class PublicKeys implements KeyCache {
  readonly resolver: LibraryLookup;
  readonly #mailauth: Pick<Mailauth, "getPublicKey">;
  readonly #known = new Map<string, Promise<PublicKey>>();

  constructor(mailauth: Pick<Mailauth, "getPublicKey">, lookups: Lookups) {
    this.#mailauth = mailauth;
    this.resolver = async (name) => [keyAmong(await lookups.resolve(name, "TXT")).slice()];
  }

  /**
   * The key, after others had their turn: a signature takes up to a millisecond to verify, and a message has many.
   *
   * @throws {KeyFault}
   */
  get(_type: string, name: string): Promise<PublicKey> {
    const key = yieldToOthers().then(() => this.lookUp(name));
    key.catch(() => {}); // thrown when it is used
    return key;
  }

  /** Begins to look a key up, if nobody has yet. */
  lookUp(name: string): Promise<PublicKey> {
    let key = this.#known.get(name);
    if (key === undefined) {
      key = this.#lookUp(name);
      key.catch(() => {}); // thrown when it is used
      this.#known.set(name, key);
    }
    return key;
  }

  async #lookUp(name: string): Promise<PublicKey> {
    const options = { strict: true, hashAlgo: "sha256" } as const;
    try {
      const key = await this.#mailauth.getPublicKey("DKIM", name, 1, this.resolver, options);
      const { modulusLength: bits = Infinity, keyType } = key;
      if (keyType === "rsa" && bits < LEAST_BITS) {
        throw new KeyFault("policy", `an RSA key of ${bits} bits is too weak`, bits);
      }
      return key;
    } catch (error) {
      throw error instanceof KeyFault ? error : faultOf(error);
    }
  }
}

/** The record that is a key; the DNS may have others of the same name, in any order. */
function keyAmong(records: readonly (readonly string[])[]): readonly string[] {
  const key = records.find((strings) => keyIn(strings) !== undefined) ?? records[0] ?? [];
  if ((keyIn(key)?.length ?? 0) > MOST_BASE64) {
    throw new KeyFault("policy", `the key has more than ${MOST_BITS} bits`);
  }
  return key;
}

/** The tag `p` in a record, without white space. */
const keyIn = (strings: readonly string[]): string | undefined =>
  /(?:^|;)p=([^;]*)/.exec(strings.join("").replace(/\s+/g, ""))?.[1];

/** What the library says of records (RFC 6376 section 6.1.2). */
const FAULTS: Readonly<Record<string, string>> = {
  ENOTFOUND: "there is no such key",
  ENODATA: "there is no such key",
  EBADNAME: "there is no such key",
  EINVALIDVER: "the record of the key has an unknown version",
  EINVALIDTYPE: "the key is of an unknown type",
  EINVALIDHASH: "the key is not for SHA-256",
  EINVALIDSERVICE: "the key is not for mail",
};

function faultOf(error: unknown): KeyFault {
  const { code, message, rr } = error as Error & { readonly code?: string; readonly rr?: string };
  if (code === undefined) throw error;
  const known = FAULTS[code];
  if (known !== undefined) return new KeyFault("permerror", known);
  if (code === "EINVALIDVAL") {
    return new KeyFault(
      "permerror",
      keyIn([rr ?? ""]) === ""
        ? "the key has been revoked"
        : "the record of the key cannot be understood",
    );
  }
  const reason = error instanceof DnsError ? `the DNS does not answer (${code})` : message;
  return new KeyFault("temperror", reason);
}
