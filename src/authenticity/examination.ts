/**
 * The examination of one message, once its header is known.
 * @module
 */
import { arcVerdict } from "./arc_verdict.ts";
import { type BodyForm, BodyHashes } from "./body_hashes.ts";
import { dkimVerdict } from "./dkim_verdict.ts";
import { headerLines } from "./header_lines.ts";
import { type Judgement, SignatureJudge } from "./signature_judge.ts";
import { type Mailauth, mailauth, type Verifier } from "./mailauth.ts";
import { keyName, PublicKeys } from "./public_keys.ts";
import { readSignatures } from "./signature_fields.ts";
import type { SignatureOptions, SignaturesFound } from "./signatures.ts";
import type { DkimVerdict } from "./verdict.ts";

/** The signatures that are examined where the operator says nothing else. */
const MOST = 10;
/** Milliseconds in which the DNS must have given all keys. */
const TIMEOUT = 20_000;

/** Receives the body, and gives the verdicts. */
export class Examination {
  readonly #library: Mailauth;
  readonly #verifier: Verifier;
  readonly #body: BodyHashes;
  readonly #judge: SignatureJudge;
  readonly #unexamined: number;

  private constructor(
    library: Mailauth,
    verifier: Verifier,
    body: BodyHashes,
    judge: SignatureJudge,
    unexamined: number,
  ) {
    this.#library = library;
    this.#verifier = verifier;
    this.#body = body;
    this.#judge = judge;
    this.#unexamined = unexamined;
  }

  /** Parses the header and begins to look the keys up. */
  static async begin(
    header: Uint8Array,
    { lookup, now, most = MOST, timeout = TIMEOUT }: SignatureOptions,
  ): Promise<Examination> {
    const library = await mailauth();
    const lines = headerLines(header);
    const keys = new PublicKeys(library, lookup, timeout);
    const { resolver } = keys;
    const verifier = new library.DkimVerifier({
      strict: true,
      resolver,
      curTime: now,
      minBitLength: 1, // `keys` knows the limit
    });
    verifier.keyCache = keys;
    verifier.arc.keyCache = keys;
    const forms = new Set<string>();
    verifier.addBodyHash = (form) => {
      forms.add(form);
      return form;
    };
    const unexamined = await readSignatures(verifier, lines, most);
    lookUpKeys(verifier, keys);
    const body = new BodyHashes([...forms] as BodyForm[]);
    const judge = new SignatureJudge({ verifier, keys, lines, now });
    return new Examination(library, verifier, body, judge, unexamined);
  }

  /** Takes a piece of the body. */
  add(piece: Uint8Array): void {
    this.#body.add(piece);
  }

  /** The body is over. */
  async end(): Promise<SignaturesFound> {
    const { signatureHeaders, arc, headerFrom, fromFields } = this.#verifier;
    const hashes = this.#body.end();
    const dkim: DkimVerdict[] = [];
    let newest: Judgement | undefined;
    for (const field of signatureHeaders) {
      const judgement = await this.#judge.judge(field, hashes);
      if (field.type === "DKIM") dkim.push(dkimVerdict(field, judgement));
      else newest = judgement;
    }
    return {
      dkim,
      unexamined: this.#unexamined,
      arc: await arcVerdict(this.#library, arc, newest),
      authors: headerFrom,
      fromFields,
    };
  }
}

/** All keys are looked up at once, while the body comes. */
function lookUpKeys({ signatureHeaders, arc: { chain, error } }: Verifier, keys: PublicKeys): void {
  for (const { skip, invalid, hashAlgo, selector, signingDomain } of signatureHeaders) {
    const isSound = (skip ?? invalid) === undefined && hashAlgo === "sha256";
    if (isSound) keys.get("", keyName(selector, signingDomain));
  }
  if (chain === false || error !== undefined) return;
  for (const { "arc-seal": { parsed: { s, d } } } of chain) {
    keys.get("", keyName(`${s?.value}`, `${d?.value}`));
  }
}
