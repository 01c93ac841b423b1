/**
 * Why the check of a domain's SPF cannot go on.
 * @module
 */

/** The result is an error (RFC 7208 sections 2.6.6 and 2.6.7). */
export class SpfFault extends Error {
  override readonly name = "SpfFault";

  constructor(readonly result: "temperror" | "permerror", message: string) {
    super(message);
  }
}

/** The domain's administrator must mend something. */
export const permError = (message: string): SpfFault => new SpfFault("permerror", message);
