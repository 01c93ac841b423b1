/**
 * Who sent a message: SPF, DKIM, ARC and DMARC together.
 * @module
 */
import { chain, type HandlerFactory } from "postmaster";
import { defineHandler, kinds } from "postmaster/making";
import { trustedSealers, verifyingSeals } from "./arc.ts";
import { verifying } from "./dkim.ts";
import { judgingAuthors, policyOptions } from "./dmarc.ts";
import type { Quarantine } from "./quarantine.ts";
import { signatureOptions } from "./signatures.ts";
import { checkingSenders, lookupTime, trustedClients } from "./spf.ts";

/** The options of {@linkcode senderAuthentication}. */
export interface SenderAuthenticationOptions {
  /** What the policy `reject` leads to: `quarantine` does as with the policy `quarantine`, `none` only notes it. A message without an author, or of more than 5 domains, counts as one that is to be rejected. */
  readonly reject?: "reject" | "quarantine" | "none";
  /** What the policy `quarantine` leads to; by default `header`: a field `X-Quarantine` (`header`), by which mailers can sort; the queue, where an operator decides (`hold`); an address that gets the message instead of its recipients (`{ to: ADDRESS }`); or nothing but a note (`none`). */
  readonly quarantine?: Quarantine;
  /** The domains of authors whose mail is accepted although DMARC fails. */
  readonly exceptAuthors?: string | readonly string[];
  /** What becomes of a message while the DNS does not answer. */
  readonly inDoubt?: "accept" | "defer";
  /** The domains of forwarders and mailing lists that are believed: each has checked what it got. Their subdomains are, too. */
  readonly trusted?: string | readonly string[];
  /** The most DKIM signatures of a message that are examined, from the top. */
  readonly signatures?: number;
  /** The time for all lookups of a check. What is not known by then counts as not to be had now. */
  readonly timeout?: number | string;
  /** The networks whose clients are trusted: they are not checked. Clients of Unix sockets are not checked, either. */
  readonly except?: string | readonly string[];
}

/**
 * Checks who sent a message: {@linkcode spf} at MAIL, then {@linkcode dkim}, {@linkcode arc} and {@linkcode dmarc} at
 * the message. It refuses what the policy of the author's domain wants refused, and nothing else; all verdicts are in
 * `session.senderAuthentication` for handlers further in, and in the field `Authentication-Results`.
 *
 * @example
 * ```ts
 * import { senderAuthentication } from "postmaster/handlers";
 *
 * export default senderAuthentication({ trusted: "lists.example.org" });
 * ```
 */
export const senderAuthentication: HandlerFactory<SenderAuthenticationOptions | undefined> =
  defineHandler({
    name: "sender-authentication",
    summary: "Checks who sent a message by SPF, DKIM, ARC and DMARC.",
    options: kinds.options({
      ...policyOptions,
      trusted: trustedSealers,
      ...signatureOptions,
      timeout: lookupTime,
      except: trustedClients,
    }).prefault({}),
    create: (options) => {
      const nothing = { ...options, refuse: [] };
      return chain(
        checkingSenders(nothing),
        verifying(nothing),
        verifyingSeals(nothing),
        judgingAuthors(options),
      );
    },
    example: "sender-authentication",
    holds: ({ quarantine }) => quarantine === "hold",
  });
