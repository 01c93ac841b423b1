/**
 * Who sent a message: SPF, DKIM, ARC and DMARC together.
 * @module
 */
import { chain, type HandlerFactory } from "postmaster";
import { defineHandler, kinds } from "postmaster/making";
import { trustedSealers, verifyingSeals } from "./arc.ts";
import { verifying } from "./dkim.ts";
import { type DmarcOptions, judgingAuthors, policyOptions } from "./dmarc.ts";
import { signatureOptions } from "./signatures.ts";
import { checkingSenders, lookupTime } from "./spf.ts";

/** The options of {@linkcode senderAuthentication}. */
export interface SenderAuthenticationOptions extends DmarcOptions {
  /**
   * The domains of forwarders and mailing lists that are believed: each has checked what it got. Their subdomains are,
   * too.
   */
  readonly trusted?: string | readonly string[];
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
    }).prefault({}),
    create: (options) => {
      const nothing = { ...options, refuse: [], inDoubt: "accept" } as const;
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
