/**
 * Access tokens of OAuth 2.0: what a good one says.
 * @module
 */
import type { Verdict } from "../handler/event.ts";

/** Who knows whether a token is good. */
export interface Tokens {
  /** Throws if nobody can tell. */
  check(token: string, signal: AbortSignal): Promise<Verdict>;
}

/** What is asked of a token. */
export interface TokenRules {
  /** Who must have issued it. */
  readonly issuer: string;
  /** Whom it must be for: this server, as the issuer calls it. */
  readonly audience: string;
  /** The claim with the name of the user. */
  readonly userClaim: string;
  /** The scopes that it must have, with spaces between them. */
  readonly scope?: string | undefined;
}

/** Seconds by which the clocks of the issuer and of the server may differ. */
export const SKEW = 60;

/** Who the user is by the claims of a token that is good otherwise. */
export function userOf(
  claims: Readonly<Record<string, unknown>>,
  { userClaim, scope = "" }: TokenRules,
): Verdict {
  const user = claims[userClaim];
  if (typeof user !== "string") return { refused: `the token has no claim ${userClaim}` };
  if (userClaim === "email" && ![undefined, true].includes(claims.email_verified as true)) {
    return { refused: "the issuer has not verified the mailbox of the token" };
  }
  const granted = listOf(claims.scope);
  const lacking = listOf(scope).find((one) => !granted.includes(one));
  return lacking === undefined ? { user } : { refused: `the token has no scope ${lacking}` };
}

const listOf = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? value : String(value ?? "").split(" ").filter((one) => one !== "");
