/**
 * What a signature is worth: RFC 6376 section 6.1, with the limits of RFC 8301.
 * @module
 */
import type { BodyHash } from "./body_hashes.ts";
import type { HeaderLine, SignatureField, Verifier } from "./mailauth.ts";
import { KeyFault, keyName, type PublicKeys } from "./public_keys.ts";
import { MAX_FIELD } from "./signature_fields.ts";
import type { DkimResult } from "./verdict.ts";

/** The result of one signature. */
export interface Judgement {
  readonly result: DkimResult;
  /** Why it does not pass. */
  readonly reason?: string | undefined;
  /** Bits of an RSA key. */
  readonly bits?: number | undefined;
}

/** What judging needs. */
export interface SignatureJudgeOptions {
  readonly verifier: Verifier;
  readonly keys: PublicKeys;
  /** All fields of the message. */
  readonly lines: readonly HeaderLine[];
  readonly now: Date;
}

/** Milliseconds that the clocks of two servers may differ. */
const DRIFT = 300_000;

/** Judges the signatures of one message. */
export class SignatureJudge {
  readonly #options: SignatureJudgeOptions;
  /** The fields of each name, the uppermost first. */
  readonly #named: ReadonlyMap<string, readonly HeaderLine[]>;

  constructor(options: SignatureJudgeOptions) {
    this.#options = options;
    this.#named = Map.groupBy(options.lines, ({ key }) => key);
  }

  /** @param hashes of the body, by its forms */
  async judge(
    field: SignatureField,
    hashes: ReadonlyMap<string, BodyHash>,
  ): Promise<Judgement> {
    const fault = this.#faultOf(field) ?? this.#authorFault(field) ??
      bodyFault(field, hashes.get(field.bodyCanon));
    if (fault !== undefined) return fault;
    try {
      const name = keyName(field.selector, field.signingDomain);
      const { modulusLength: bits } = await this.#options.keys.get(field.type, name);
      const { status: { result, comment } } = await this.#verify(field, hashes);
      return { ...judgementOf(result, comment), bits };
    } catch (error) {
      if (!(error instanceof KeyFault)) throw error;
      return { result: error.result, reason: error.message, bits: error.bits };
    }
  }

  #faultOf(field: SignatureField): Judgement | undefined {
    const { skip, invalid = skip, hashAlgo, timestamp, expiration, original } = field;
    const now = this.#options.now.getTime();
    if (original.length > MAX_FIELD) return { result: "neutral", reason: "the field is too long" };
    if (hashAlgo === "sha1") {
      return { result: "policy", reason: "signatures with SHA-1 are not accepted (RFC 8301)" };
    }
    if (invalid !== undefined) return { result: "neutral", reason: invalid };
    if (timestamp !== null && timestamp.getTime() > now + DRIFT) {
      return { result: "policy", reason: "the signature is from the future" };
    }
    if (expiration !== null && expiration.getTime() < now) {
      return { result: "policy", reason: "the signature has expired" };
    }
    return undefined;
  }

  /** Programs show any of several fields `From`: who adds one above those that are signed, says who wrote the message. */
  #authorFault({ parsed: { h } }: SignatureField): Judgement | undefined {
    const authors = this.#named.get("from")?.length ?? 0;
    const signed = namesIn(h).filter((name) => name === "from").length;
    return authors > 1 && signed < authors
      ? { result: "policy", reason: "not all fields From are signed" }
      : undefined;
  }

  /**
   * Lets the library verify the signature with only those fields that it covers, in their order, so that it finds each
   * at once. For each name in `h` that is the next field from the bottom (section 5.4.2).
   */
  #verify(
    field: SignatureField,
    hashes: ReadonlyMap<string, BodyHash>,
  ): ReturnType<Verifier["verifySignature"]> {
    const { verifier } = this.#options;
    const taken = new Map<string, number>();
    const covered: HeaderLine[] = [];
    const { h } = field.parsed;
    for (const name of namesIn(h)) {
      const count = (taken.get(name) ?? 0) + 1;
      const line = this.#named.get(name)?.at(-count);
      if (line === undefined) continue;
      taken.set(name, count);
      covered.push(line);
    }
    if (h !== undefined) h.value = covered.map(({ key }) => key).join(":");
    verifier.headers = { parsed: covered.toReversed() };
    for (const [form, hash] of hashes) verifier.bodyHashes.set(form, hash);
    return verifier.verifySignature(field);
  }
}

/** The names of the tag `h`. */
const namesIn = (h: SignatureField["parsed"][string]): readonly string[] =>
  `${h?.value}`.toLowerCase().split(":");

/** `l` says how much of the body is signed. Who adds to it, and to the types of its parts, shows what he likes. */
function bodyFault(
  { parsed: { bh }, maxBodyLength: signed }: SignatureField,
  body: BodyHash | undefined,
): Judgement | undefined {
  const length = body?.length ?? 0;
  if (signed !== "" && signed < length) {
    return { result: "policy", reason: `${length - signed} octets of the body are not signed` };
  }
  if (signed !== "" && signed > length) return { result: "fail", reason: "the body is too short" };
  return bh?.value === body?.hash ? undefined : { result: "fail", reason: "the body has changed" };
}

/** What the library says of a signature with a key, a body and tags that are in order. */
function judgementOf(result: string, comment: string | undefined): Judgement {
  if (result === "pass") return { result };
  if (result === "fail") {
    return { result, reason: "the header has changed, or the signature is not by that key" };
  }
  return { result: "permerror", reason: comment };
}
