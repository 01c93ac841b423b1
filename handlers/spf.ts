/**
 * Checks of senders by SPF (RFC 7208).
 * @module
 */
import {
  type Handler,
  type HandlerFactory,
  type Mailbox,
  type Network,
  on,
  type Reply,
  say,
  type Session,
  type SpfVerdict,
} from "postmaster";
import {
  checkSpf,
  defineHandler,
  kinds,
  Lookups,
  senderAuthentication,
  z,
} from "postmaster/making";
import { CANNOT_TELL } from "./lookup.ts";
import { plain } from "./plain.ts";
import { isTrusted, trustedClients } from "./trusted_clients.ts";

const REFUSABLE = ["none", "neutral", "softfail", "fail", "permerror"] as const;
/** What {@linkcode spf} can refuse. */
export type RefusableSpf = "none" | "neutral" | "softfail" | "fail" | "permerror";

/** Options of a handler that checks senders. */
export interface SenderCheckOptions {
  /** The time for all lookups of a check. What is not known by then counts as not to be had now. */
  readonly timeout?: number | string;
  /**
   * The networks whose clients are trusted: they are not checked. Clients of Unix sockets are not checked, either.
   */
  readonly except?: string | readonly string[];
}

/** The options of {@linkcode spf}. */
export interface SpfOptions extends SenderCheckOptions {
  /** The results that are refused. */
  readonly refuse?: RefusableSpf | readonly RefusableSpf[];
  /** What becomes of a sender that may have to be refused, while the DNS does not answer. */
  readonly inDoubt?: "accept" | "defer";
}

/** The options, as they are checked. */
interface Checking {
  readonly refuse: readonly RefusableSpf[];
  readonly inDoubt: "accept" | "defer";
  readonly timeout: number;
  readonly except: readonly Network[];
}

/** The option for the time of lookups. */
export const lookupTime = kinds.duration(1).prefault("20 s")
  .describe(
    "The time for all lookups of a check. What is not known by then counts as not to be had now.",
  );

/**
 * Checks the sender of MAIL, and the client's name in HELO, by SPF. The verdicts are in `session.senderAuthentication`
 * for handlers further in, and in the field `Authentication-Results`. By default nothing is refused: forwarders break
 * SPF, and the policy of the author's domain (`dmarc`) says what to do. Users who have authenticated are not checked.
 * While the DNS does not answer, nothing is refused for good.
 *
 * @example
 * ```ts
 * import { spf } from "postmaster/handlers";
 *
 * export default spf({ refuse: "fail" });
 * ```
 */
export const spf: HandlerFactory<SpfOptions | undefined> = defineHandler({
  name: "spf",
  summary: "Checks by SPF whether a client may send mail of its sender's domain.",
  options: kinds.options({
    refuse: kinds.oneOrMore(z.enum(REFUSABLE)).default([]).describe(
      "The results that are refused.",
    ),
    inDoubt: z.enum(["accept", "defer"]).default("accept").describe(
      "What becomes of a sender that may have to be refused, while the DNS does not answer.",
    ),
    timeout: lookupTime,
    except: trustedClients,
  }).prefault({}),
  create: checkingSenders,
  example: "spf: { refuse: fail }",
});

/** A handler with these options. */
export function checkingSenders({ refuse, inDoubt, timeout, except }: Checking): Handler {
  return on("SetMailFrom", async (event, next, session): Promise<Reply> => {
    if (isTrusted(session, except)) return await next();
    const { original } = session;
    const { mailbox } = original.type === "SetMailFrom" ? original : event;
    const { spf, helo } = await checkSender(session, mailbox, timeout);
    // Few names in HELO have a record: that one has none says nothing.
    const verdicts = helo === undefined || helo.result === "none" ? [spf] : [spf, helo];
    const refused = verdicts.find(({ result }) => refuse.some((one) => one === result));
    if (refused !== undefined) {
      session.log("refused by SPF", { domain: refused.domain, result: refused.result });
      return refusalFor(refused);
    }
    // A sender that passes is known, whatever the name in HELO would have told (RFC 7208 section 2.4).
    const isDoubtful = spf.result !== "pass" &&
      verdicts.some(({ result }) => result === "temperror");
    return isDoubtful && refuse.length > 0 && inDoubt === "defer" ? CANNOT_TELL : await next();
  });
}

/** Checks the sender and the name in HELO, unless a handler has done it, and notes what was found. */
export async function checkSender(
  session: Session,
  mailbox: Mailbox | null,
  timeout: number,
): Promise<{ readonly spf: SpfVerdict; readonly helo: SpfVerdict | undefined }> {
  const known = session.senderAuthentication;
  if (known.spf !== undefined) return { spf: known.spf, helo: known.helo };
  const { peer: { address }, hostname, dns } = session;
  const helo = session.helo?.name ?? "";
  const sender = mailbox === null ? null : String(mailbox);
  const lookups = new Lookups(dns, { timeout });
  const check = (identity: SpfVerdict["identity"]) =>
    checkSpf({ address, helo, sender, identity, hostname }, lookups);
  const [spf, ofHelo] = sender === null
    ? [await check("helo"), undefined]
    : await Promise.all([check("mailfrom"), check("helo")]);
  session.update(senderAuthentication, (old) => ({ ...old, spf, helo: ofHelo }));
  return { spf, helo: ofHelo };
}

function refusalFor({ result, reason, domain, explanation }: SpfVerdict): Reply {
  if (result === "permerror") {
    return say(5, 5, 0, `the SPF record of ${domain} cannot be used: ${plain(reason)}`, "5.7.24");
  }
  const says = explanation === undefined ? "" : `; ${domain} says: ${plain(explanation)}`;
  return say(5, 5, 0, `SPF: ${plain(reason)}${says}`, "5.7.23");
}
