/**
 * Signs messages for the domains of their authors (RFC 6376).
 * @module
 */
import { exactAuthorDomains } from "../authenticity/author_domains.ts";
import { messageOf } from "../base/message_of.ts";
import { Seldom } from "../base/seldom.ts";
import { withParents } from "../dns/name.ts";
import type { Log } from "../log/event.ts";
import type { Message } from "../message/message.ts";
import type { SigningKey, SigningKeys } from "./keys.ts";
import { octetsOf, readForSigning, type Signable, withFields } from "./signable.ts";
import type { Signatures } from "./signatures.ts";
import { type SignedFields, signedFields } from "./signed_fields.ts";
import { type Signer, SigningFault } from "./signer.ts";
import { canonical, signedField, unsigned } from "./tags.ts";

/** What signing needs. */
export interface DkimSignerOptions {
  readonly keys: SigningKeys;
  readonly signatures: Signatures;
  /** Whether mail of a domain should be signed, so that mail without a signature is told of. */
  readonly isExpected: (domain: string) => boolean;
  /** Names of fields that are signed beside the usual ones. */
  readonly fields: readonly string[];
  /** Milliseconds for which signatures are valid; by default for ever. */
  readonly lifetime?: number | undefined;
  readonly log: Log;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Milliseconds for which the log does not say again that mail of a domain is not signed. */
const SILENCE = 3_600_000;

/** Signs with all keys of the domain of the author, or else of its nearest parent that has keys. */
export class DkimSigner implements Signer {
  readonly #options: DkimSignerOptions;
  /** The domains of which the log was told. */
  readonly #told = new Seldom(SILENCE);

  constructor(options: DkimSignerOptions) {
    this.#options = options;
  }

  async sign(message: Message, isBinary = false): Promise<Message> {
    let authors: readonly string[] = [];
    try {
      let keys: readonly SigningKey[] = [];
      const signable = await readForSigning(message, isBinary, (header) => {
        authors = exactAuthorDomains(header.all("From").map(({ raw }) => raw));
        keys = this.#keysFor(authors);
        return keys.length > 0;
      });
      if (signable !== undefined) return withFields(await this.#fields(signable, keys), message);
    } catch (error) {
      throw this.#fault(authors, error);
    }
    this.#tell(authors);
    return message;
  }

  #keysFor(authors: readonly string[]): readonly SigningKey[] {
    for (const author of authors) {
      for (const domain of withParents(author)) {
        const keys = this.#options.keys.keysOf(domain);
        if (keys.length > 0) return keys;
      }
    }
    return [];
  }

  async #fields({ header, bodyHash }: Signable, keys: readonly SigningKey[]): Promise<string> {
    const { fields, lifetime, now, signatures } = this.#options;
    const time = Math.floor(now() / 1000);
    const expires = lifetime === undefined ? undefined : time + Math.ceil(lifetime / 1000);
    const signed = signedFields(header, fields);
    const all = keys.map(async (key) => {
      const field = unsignedDkim({ key, time, expires, signed, bodyHash });
      const octets = octetsOf(signed.text + canonical(field));
      return signedField(field, await signatures.sign(key, octets));
    });
    return (await Promise.all(all)).join("");
  }

  /** Mail of a domain that signs leaves without a signature. */
  #tell(authors: readonly string[]): void {
    const { isExpected, log, now } = this.#options;
    const domain = authors.find((author) => [...withParents(author)].some(isExpected));
    if (domain === undefined || !this.#told.isDue(domain, now())) return;
    log("mail not signed", { domain, error: "no key of the domain is in use" });
  }

  #fault(authors: readonly string[], error: unknown): SigningFault {
    const domain = authors.join(", ");
    this.#options.log("mail not signed", { domain, error: messageOf(error) });
    return new SigningFault(domain, messageOf(error), { cause: error });
  }
}

/** The field without its signature. What a receiver needs not to be told is left out: `q`, `i` and `l`. */
const unsignedDkim = ({ key, time, expires, signed, bodyHash }: {
  readonly key: SigningKey;
  readonly time: number;
  readonly expires: number | undefined;
  readonly signed: SignedFields;
  readonly bodyHash: string;
}) =>
  unsigned("DKIM-Signature", [
    ["v", "1"],
    ["a", key.algorithm],
    ["c", "relaxed/relaxed"],
    ["d", key.domain],
    ["s", key.selector],
    ["t", `${time}`],
    ["x", expires?.toString()],
    ["h", signed.names],
    ["bh", bodyHash],
  ]);
