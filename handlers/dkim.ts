/**
 * Verification of DKIM signatures (RFC 6376).
 * @module
 */
import { type Handler, type HandlerFactory, on, say } from "postmaster";
import { defineHandler, kinds, senderAuthentication, z } from "postmaster/making";
import { CANNOT_TELL } from "./lookup.ts";
import { examine, type Examining, type ExaminingOptions, signatureOptions } from "./signatures.ts";

/** What {@linkcode dkim} can refuse: `none` is no signature at all. */
export type RefusableDkim = "none" | "fail" | "policy" | "neutral" | "permerror";

const REFUSABLE = ["none", "fail", "policy", "neutral", "permerror"] as const;

/** The options of {@linkcode dkim}. */
export interface DkimOptions extends ExaminingOptions {
  /** What is refused if no signature passes: unsigned messages (`none`), or signatures with these results. */
  readonly refuse?: RefusableDkim | readonly RefusableDkim[];
  /** What becomes of a message that may have to be refused, while the DNS cannot give a key. */
  readonly inDoubt?: "accept" | "defer";
}

/** The options, as they are checked. */
interface Verifying extends Examining {
  readonly refuse: readonly RefusableDkim[];
  readonly inDoubt: "accept" | "defer";
}

const UNSIGNED = say(5, 5, 0, "this server accepts signed mail only", "5.7.20");
const NOT_PASSED = say(5, 5, 0, "no DKIM signature passes", "5.7.20");

/**
 * Verifies the DKIM signatures of messages. The verdicts are in `session.senderAuthentication.dkim` for the handlers
 * further in, and in the field `Authentication-Results`. By default nothing is refused, because a signature that does
 * not pass says no more than none (RFC 6376 section 6.3); the `dmarc` policy of the author's domain says what to do.
 * While the DNS does not answer, nothing is refused for good.
 *
 * @example
 * ```ts
 * import { dkim } from "postmaster/handlers";
 *
 * export default dkim({ except: "192.0.2.0/24" });
 * ```
 */
export const dkim: HandlerFactory<DkimOptions | undefined> = defineHandler({
  name: "dkim",
  summary: "Verifies DKIM signatures.",
  options: kinds.options({
    refuse: kinds.oneOrMore(z.enum(REFUSABLE)).default([]).describe(
      "What is refused if no signature passes: unsigned messages (`none`), or signatures with these results.",
    ),
    inDoubt: z.enum(["accept", "defer"]).default("accept").describe(
      "What becomes of a message that may have to be refused, while the DNS cannot give a key.",
    ),
    ...signatureOptions,
  }).prefault({}),
  create: verifying,
  example: "dkim",
});

/** A handler with these options. */
export function verifying({ refuse, inDoubt, ...examining }: Verifying): Handler {
  return on("Deliver", (event, next, session) => {
    return examine(event, next, session, examining, ({ dkim, unexamined }, inner) => {
      session.update(senderAuthentication, (old) => ({ ...old, dkim }));
      if (unexamined > 0) session.log("too many signatures", { unexamined });
      const results: ReadonlySet<string> = new Set(dkim.map(({ result }) => result));
      if (results.has("pass")) return next(inner);
      if (results.has("temperror")) {
        return refuse.length > 0 && inDoubt === "defer" ? CANNOT_TELL : next(inner);
      }
      const isUnsigned = dkim.length === 0;
      const isRefused = isUnsigned
        ? refuse.includes("none")
        : refuse.some((result) => results.has(result));
      if (!isRefused) return next(inner);
      session.log("refused by DKIM", { results: isUnsigned ? "none" : [...results].join(", ") });
      return isUnsigned ? UNSIGNED : NOT_PASSED;
    });
  });
}
