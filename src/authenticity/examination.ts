/**
 * The examination of one message, once its header is known.
 * @module
 */
import type { Resolver } from "../dns/resolver.ts";
import { arcVerdict } from "./arc_verdict.ts";
import { authorDomains } from "./author_domains.ts";
import { type BodyForm, BodyHashes } from "./body_hashes.ts";
import { dkimVerdict } from "./dkim_verdict.ts";
import { headerLines, valueOf } from "./header_lines.ts";
import { type Judgement, SignatureJudge } from "./signature_judge.ts";
import { type LookupOptions, Lookups } from "./lookups.ts";
import { type Mailauth, mailauth, type Verifier } from "./mailauth.ts";
import { keyName, PublicKeys } from "./public_keys.ts";
import { readSignatures } from "./signature_fields.ts";
import type { ArcVerdict, DkimVerdict } from "./verdict.ts";

/** What the signatures of a message say. */
export interface SignaturesFound {
  /** The signatures that were examined, the uppermost first. */
  readonly dkim: readonly DkimVerdict[];
  /** The number of signatures below them that were not. */
  readonly unexamined: number;
  readonly arc: ArcVerdict;
  /** The domains of the authors, as {@linkcode authorDomains} reads them. */
  readonly authors: readonly string[];
}

/** How signatures are examined. */
export interface SignatureOptions {
  readonly resolver: Pick<Resolver, "resolve">;
  /** The time, by which signatures expire. */
  readonly now: Date;
  /** The most DKIM signatures that are examined, the uppermost ones; by default 10. */
  readonly most?: number;
  /** The limits of lookups, from when the header is known. */
  readonly lookups?: LookupOptions | undefined;
}

/** The signatures that are examined where the operator says nothing else. */
const MOST = 10;

/** Receives the body, and gives the verdicts. */
export class Examination {
  readonly #library: Mailauth;
  readonly #verifier: Verifier;
  readonly #body: BodyHashes;
  readonly #judge: SignatureJudge;
  readonly #unexamined: number;
  readonly #authors: readonly string[];

  private constructor(
    library: Mailauth,
    verifier: Verifier,
    body: BodyHashes,
    judge: SignatureJudge,
    unexamined: number,
    authors: readonly string[],
  ) {
    this.#library = library;
    this.#verifier = verifier;
    this.#body = body;
    this.#judge = judge;
    this.#unexamined = unexamined;
    this.#authors = authors;
  }

  /** Parses the header and begins to look the keys up. */
  static async begin(
    header: Uint8Array,
    { resolver, now, most = MOST, lookups }: SignatureOptions,
  ): Promise<Examination> {
    const library = await mailauth();
    const lines = headerLines(header);
    const keys = new PublicKeys(library, new Lookups(resolver, lookups));
    const verifier = new library.DkimVerifier({
      strict: true,
      resolver: keys.resolver,
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
    const authors = authorDomains(lines.filter(({ key }) => key === "from").map(valueOf));
    return new Examination(library, verifier, body, judge, unexamined, authors);
  }

  /** Takes a piece of the body. */
  add(piece: Uint8Array): void {
    this.#body.add(piece);
  }

  /** The body is over. */
  async end(): Promise<SignaturesFound> {
    const { signatureHeaders, arc } = this.#verifier;
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
      authors: this.#authors,
    };
  }
}

/** All keys are looked up at once, while the body comes. */
function lookUpKeys({ signatureHeaders, arc: { chain, error } }: Verifier, keys: PublicKeys): void {
  for (const { skip, invalid, hashAlgo, selector, signingDomain } of signatureHeaders) {
    const isSound = (skip ?? invalid) === undefined && hashAlgo === "sha256";
    if (isSound) keys.lookUp(keyName(selector, signingDomain));
  }
  if (chain === false || error !== undefined) return;
  for (const { "arc-seal": { parsed: { s, d } } } of chain) {
    keys.lookUp(keyName(`${s?.value}`, `${d?.value}`));
  }
}
