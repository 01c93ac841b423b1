/**
 * The policy of the author's domain (DMARC, RFC 7489).
 * @module
 */
import {
  canonicalName,
  chain,
  type DmarcDisposition,
  type DmarcPolicy,
  type DmarcVerdict,
  type EventOf,
  type Handler,
  type HandlerFactory,
  type Next,
  on,
  type Reply,
  say,
  type SenderAuthentication,
  type Session,
} from "postmaster";
import {
  checkDmarc,
  defineHandler,
  kinds,
  Lookups,
  readResults,
  senderAuthentication,
  wantedOf,
  z,
} from "postmaster/making";
import { domain } from "./domain.ts";
import { CANNOT_TELL } from "./lookup.ts";
import { type Aside, putAside, QUARANTINE, type Quarantine, quarantine } from "./quarantine.ts";
import { examine, type Examining, signatureOptions } from "./signatures.ts";
import { checkingSenders, checkSender, lookupTime, type SenderCheckOptions } from "./spf.ts";
import { isTrusted } from "./trusted_clients.ts";

/** The options of {@linkcode dmarc}. */
export interface DmarcOptions extends SenderCheckOptions {
  /**
   * What the policy `reject` leads to: `quarantine` does as with the policy `quarantine`, `none` only notes it. A
   * message without an author, or of more than 5 domains, counts as one that is to be rejected.
   */
  readonly reject?: "reject" | "quarantine" | "none";
  /**
   * What the policy `quarantine` leads to; by default `header`: a field `X-Quarantine` (`header`), by which mailers
   * can sort; the queue, where an operator decides (`hold`); an address that gets the message instead of its
   * recipients (`{ to: ADDRESS }`); or nothing but a note (`none`).
   */
  readonly quarantine?: Quarantine;
  /** The domains of authors whose mail is accepted although DMARC fails. */
  readonly exceptAuthors?: string | readonly string[];
  /**
   * What becomes of a message while the DNS does not answer. By default it is deferred if it would otherwise have to be
   * refused, so that no broken DNS lets forged mail in, and accepted if it would only be put aside.
   */
  readonly inDoubt?: "accept" | "defer";
  /** The most DKIM signatures of a message that are examined, from the top. */
  readonly signatures?: number;
}

/** The options, as they are checked. */
interface Judging extends Examining {
  readonly reject: "reject" | "quarantine" | "none";
  readonly quarantine: Aside;
  readonly exceptAuthors: readonly string[];
  readonly inDoubt?: "accept" | "defer" | undefined;
}

/** The options that say what the policies lead to, for a configuration. */
export const policyOptions = {
  reject: z.enum(["reject", "quarantine", "none"]).default("reject").describe(
    "What the policy `reject` leads to: `quarantine` does as with the policy `quarantine`, `none` only notes it. A " +
      "message without an author, or of more than 5 domains, counts as one that is to be rejected.",
  ),
  quarantine: quarantine.default("header").describe(
    `What the policy \`quarantine\` leads to; by default \`header\`: ${QUARANTINE}`,
  ),
  exceptAuthors: kinds.oneOrMore(domain).default([]).describe(
    "The domains of authors whose mail is accepted although DMARC fails.",
  ),
  inDoubt: z.enum(["accept", "defer"]).optional().describe(
    "What becomes of a message while the DNS does not answer. By default it is deferred if it would otherwise have to " +
      "be refused, so that no broken DNS lets forged mail in, and accepted if it would only be put aside.",
  ),
} satisfies z.ZodRawShape;

/**
 * Does what the domain of a message's author wants done with mail that it does not stand for. It needs SPF and DKIM,
 * and checks them itself if no handler further out has. A chain of seals whose sealers are all trusted (`arc`) lets a
 * message pass whose author's domain stood for it at the first of them. A message without an author, or with too many,
 * is treated as if its domain wanted it refused. Users who have authenticated are not checked. While the DNS does not
 * answer, nothing is refused for good.
 *
 * @example
 * ```ts
 * import { dmarc } from "postmaster/handlers";
 *
 * export default dmarc({ quarantine: { to: "quarantine@example.net" } });
 * ```
 */
export const dmarc: HandlerFactory<DmarcOptions | undefined> = defineHandler({
  name: "dmarc",
  summary: "Does what the domain of a message's author wants done with forged mail.",
  options: kinds.options({
    ...policyOptions,
    ...signatureOptions,
    timeout: lookupTime,
  }).prefault({}),
  create: (options) =>
    chain(checkingSenders({ ...options, refuse: [], inDoubt: "accept" }), judgingAuthors(options)),
  example: "dmarc: { reject: quarantine, quarantine: hold }",
  holds: ({ quarantine }) => quarantine === "hold",
});

/** A handler with these options. */
export function judgingAuthors(options: Judging): Handler {
  return on("Deliver", (event, next, session) => {
    if (isTrusted(session, options.except)) return next();
    return examine(event, next, session, options, async ({ authors, dkim }, inner) => {
      const { timeout } = options;
      const { spf } = await checkSender(session, session.mailFrom ?? null, timeout);
      const lookups = new Lookups(session.dns, { timeout });
      const verdict = await checkDmarc({ authors, spf, dkim }, lookups);
      if (mustWait(verdict, session.senderAuthentication, options)) return CANNOT_TELL;
      const disposition = dispositionOf(verdict, session.senderAuthentication, options);
      const dmarc = { ...verdict, disposition };
      session.update(senderAuthentication, (old) => ({ ...old, dkim, dmarc }));
      return await apply(dmarc, inner, next, session, options);
    });
  });
}

/** Whether the message is to come again when the DNS answers. */
function mustWait(verdict: DmarcVerdict, found: SenderAuthentication, options: Judging): boolean {
  if (verdict.result !== "temperror") return false;
  if (options.inDoubt !== undefined) {
    return options.inDoubt === "defer" && verdict.policy !== "none";
  }
  return dispositionOf({ ...verdict, result: "fail" }, found, options).applied === "reject";
}

/** What is done with a message. */
function dispositionOf(
  verdict: DmarcVerdict,
  { arc }: SenderAuthentication,
  { reject, quarantine, exceptAuthors }: Pick<Judging, "reject" | "quarantine" | "exceptAuthors">,
): DmarcDisposition {
  const { domain } = verdict;
  // Nobody stands for a message without an author, whatever name its readers see.
  const { policy, sampledOut } = domain === ""
    ? { policy: "reject", sampledOut: false } as const
    : wantedOf(verdict);
  if (policy === "none" && !sampledOut) return { applied: "none" };
  const local = (applied: DmarcPolicy, comment: string): DmarcDisposition => ({
    applied,
    override: { type: "local_policy", comment },
  });
  if (exceptAuthors.some((one) => isWithin(domain, one))) {
    return local("none", `${domain} is an exception`);
  }
  if (arc?.isTrusted && hadPassed(domain, arc.results[0] ?? "")) {
    // RFC 8617 section 7.2.2
    return local(
      "none",
      ["arc=pass", ...arc.sealers.map((d, i) => `as[${i + 1}].d=${d}`)].join(" "),
    );
  }
  const wanted = policy === "reject" ? reject : policy;
  const applied = wanted === "quarantine" && quarantine === "none" ? "none" : wanted;
  if (applied !== policy) return local(applied, "by configuration");
  return sampledOut
    ? { applied, override: { type: "sampled_out", comment: "not chosen by the domain" } }
    : { applied };
}

const isWithin = (name: string, domain: string): boolean =>
  `.${name}`.endsWith(`.${canonicalName(domain)}`);

/** Whether a sealer has found that the author's domain stands for the message. */
const hadPassed = (domain: string, results: string): boolean =>
  readResults(results)?.results.some(({ method, result, properties }) =>
    method === "dmarc" && result === "pass" &&
    canonicalName(properties.get("header.from") ?? domain) === domain
  ) ?? false;

async function apply(
  { domain, policyDomain, reason, disposition }: DmarcVerdict,
  event: EventOf<"Deliver">,
  next: Next<"Deliver">,
  session: Session,
  { quarantine }: Pick<Judging, "quarantine">,
): Promise<Reply> {
  const applied = disposition?.applied ?? "none";
  if (applied === "none") return await next(event);
  session.log("policy of the author's domain applied", { domain, applied, reason: reason ?? "" });
  const cause = domain === "" ? `${reason}` : `DMARC policy of ${policyDomain ?? domain}`;
  return applied === "reject"
    ? refusalFor(domain, cause)
    : await putAside(quarantine, cause, event, next, session);
}

function refusalFor(domain: string, cause: string): Reply {
  const name = domain.replace(/[^!-~]+/g, "?").slice(0, 255);
  const text = `neither SPF nor DKIM shows that this message is of ${name} (${cause})`;
  return say(5, 5, 0, domain === "" ? cause : text, "5.7.1");
}
