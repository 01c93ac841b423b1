/**
 * What the thread that orders certificates and the one that has asked for it say to each other.
 * @module
 */
import type { Challenge } from "./settings.ts";

/** An order. */
export interface Order {
  /** The URL of the authority's directory. */
  readonly directory: string;
  readonly email: string;
  readonly domains: readonly string[];
  readonly method: "http-01" | "dns-01";
  /** The account's key in PEM; without it there is no account yet. */
  readonly account: string | undefined;
  /** Certificates in PEM that the authority's own must lead to; without them, the public ones. */
  readonly ca: string | undefined;
}

/** What the thread says. It waits for the answer to an account, `add` and `remove`. */
export type Said =
  /** It has loaded what it needs, and waits for an order. */
  | { readonly loaded: true }
  /** An account was made: its key in PEM, and the terms of service that it agrees to. */
  | { readonly account: string; readonly terms: string | undefined }
  | { readonly add: Challenge }
  | { readonly remove: Challenge }
  /** The certificate, with those that lead to a root, and its key; both in PEM. */
  | { readonly certificate: string; readonly key: string }
  | { readonly failure: string };

/** The answer to the thread: why the thing could not be done, or nothing. */
export interface Answer {
  readonly error?: string;
}
