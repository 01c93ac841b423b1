/**
 * The hashes of a body for signatures, in one pass over the body.
 * @module
 */
import { createHash, type Hash } from "node:crypto";
import { RelaxedBody } from "../message/relaxed.ts";
import { SimpleBody } from "../message/simple.ts";

/** The forms in which a body is signed (RFC 6376 section 3.4). */
const FORMS = { relaxed: RelaxedBody, simple: SimpleBody } as const;

/** A form of bodies. */
export type BodyForm = keyof typeof FORMS;

/** The hash of a body in one form. */
export interface BodyHash {
  /** SHA-256 in base64. */
  readonly hash: string;
  /** Octets of the body in that form. */
  readonly length: number;
}

/** Octets that are gathered, so that a body in tiny pieces costs no more. */
const GATHERED = 16 * 1024;

/** Hashes a body in the forms that are wanted. */
export class BodyHashes {
  readonly #hashing: readonly Hashing[];
  readonly #gathered = new Uint8Array(GATHERED);
  #length = 0;

  constructor(forms: Iterable<BodyForm>) {
    this.#hashing = Array.from(new Set(forms), (form) => new Hashing(form));
  }

  /** Takes a piece of the body. */
  add(piece: Uint8Array): void {
    if (this.#length + piece.length > GATHERED) this.#flush();
    if (piece.length > GATHERED) {
      for (const { body } of this.#hashing) body.add(piece);
    } else {
      this.#gathered.set(piece, this.#length);
      this.#length += piece.length;
    }
  }

  /** The body is over. */
  end(): ReadonlyMap<string, BodyHash> {
    this.#flush();
    return new Map(this.#hashing.map((one) => [one.form, one.end()]));
  }

  #flush(): void {
    for (const { body } of this.#hashing) body.add(this.#gathered.subarray(0, this.#length));
    this.#length = 0;
  }
}

class Hashing {
  readonly form: BodyForm;
  readonly body: RelaxedBody | SimpleBody;
  readonly #hash: Hash = createHash("sha256");
  #length = 0;

  constructor(form: BodyForm) {
    this.form = form;
    this.body = new FORMS[form]((octets) => {
      this.#hash.update(octets);
      this.#length += octets.length;
    });
  }

  end(): BodyHash {
    this.body.end();
    return { hash: this.#hash.digest("base64"), length: this.#length };
  }
}
