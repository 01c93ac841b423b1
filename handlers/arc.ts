/**
 * Verification of chains of ARC seals (RFC 8617).
 * @module
 */
import { canonicalName, type Handler, type HandlerFactory, on, say } from "postmaster";
import { defineHandler, kinds, senderAuthentication, z } from "postmaster/making";
import { domain } from "./domain.ts";
import { examine, type Examining, type ExaminingOptions, signatureOptions } from "./signatures.ts";

/** The options of {@linkcode arc}. */
export interface ArcOptions extends ExaminingOptions {
  /**
   * The domains of forwarders and mailing lists that are believed: each has checked what it got. Their subdomains are,
   * too.
   */
  readonly trusted?: string | readonly string[];
  /** `fail` refuses messages with a broken chain. */
  readonly refuse?: "fail" | readonly "fail"[];
}

/** The option that names sealers. */
export const trustedSealers = kinds.oneOrMore(domain).default([]).describe(
  "The domains of forwarders and mailing lists that are believed: each has checked what it got. " +
    "Their subdomains are, too.",
);

/** The options, as they are checked. */
interface VerifyingSeals extends Examining {
  readonly trusted: readonly string[];
  readonly refuse: readonly "fail"[];
}

const BROKEN_CHAIN = say(5, 5, 0, "the chain of ARC seals is broken", "5.7.29");

/**
 * Verifies the chain of ARC seals, in which forwarders say what they have found when they got a message. The verdict is
 * in `session.senderAuthentication.arc` for the handlers further in, and in the field `Authentication-Results`. A chain
 * whose sealers are all `trusted` lets a message pass that the policy of its author's domain would have refused. By
 * default nothing is refused, because a chain also breaks when somebody else changes the message (RFC 8617 section
 * 5.2).
 *
 * @example
 * ```ts
 * import { arc } from "postmaster/handlers";
 *
 * export default arc({ trusted: ["lists.example.org", "forwarder.example"] });
 * ```
 */
export const arc: HandlerFactory<ArcOptions | undefined> = defineHandler({
  name: "arc",
  summary: "Verifies chains of ARC seals, which forwarders make.",
  options: kinds.options({
    trusted: trustedSealers,
    refuse: kinds.oneOrMore(z.enum(["fail"])).default([]).describe(
      "`fail` refuses messages with a broken chain.",
    ),
    ...signatureOptions,
  }).prefault({}),
  create: verifyingSeals,
  example: "arc: { trusted: [lists.example.org, forwarder.example] }",
});

/** A handler with these options. */
export function verifyingSeals({ trusted, refuse, ...examining }: VerifyingSeals): Handler {
  const believed = trusted.map(canonicalName);
  const isBelieved = (sealer: string) =>
    believed.some((domain) => sealer === domain || sealer.endsWith(`.${domain}`));
  return on("Deliver", (event, next, session) => {
    return examine(event, next, session, examining, ({ arc }, inner) => {
      const isTrusted = arc.result === "pass" && arc.sealers.every(isBelieved);
      session.update(senderAuthentication, (old) => ({ ...old, arc: { ...arc, isTrusted } }));
      if (arc.result !== "fail" || !refuse.includes("fail")) return next(inner);
      session.log("refused by ARC", { error: arc.reason ?? "" });
      return BROKEN_CHAIN;
    });
  });
}
