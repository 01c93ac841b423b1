/**
 * What would happen to mail for a domain: all that a delivery does, up to but not including MAIL.
 * @module
 */
import type { Sending } from "../../config/mod.ts";
import type { Choice, Servers, Way } from "../../relay/routing.ts";
import { rulesFor } from "../../relay/rules.ts";
import { SESSIONS } from "../../relay/sender.ts";
import type { FoundPolicies } from "../../security/sts/sts_policies.ts";
import type { Mailbox } from "../../smtp/mailbox.ts";
import type { Probe, ProbedSts, Verdict } from "./facts.ts";
import type { AskingResolver } from "../asking_resolver.ts";
import { type Found, probeServer } from "./server.ts";

/** What is probed. */
export interface Question {
  readonly domain: string;
  readonly sender: Mailbox | null;
  readonly choice: Choice;
  /** Logins are tried, too. */
  readonly login: boolean;
}

/** By what it is probed. */
export interface Means {
  readonly sending: Sending;
  readonly dns: AskingResolver;
  readonly validating: boolean;
  readonly sts: FoundPolicies;
  /** Whether the server knows a policy of a domain already. */
  readonly isKept: (domain: string) => boolean;
}

/** Probes all servers of a domain at once. */
export async function probe(question: Question, means: Means): Promise<Probe> {
  const { domain, sender, choice } = question;
  const { sending, dns, validating } = means;
  const way = await sending.routing.wayTo(domain, sender, choice);
  const sts = "hops" in way && !way.areNamed ? await probeSts(way.domain, means) : null;
  const found = "hops" in way ? await probeServers(way, question, sending) : [];
  return {
    domain,
    verdict: verdictOf(way, found),
    by: "outcome" in way ? null : way.areNamed ? "configuration" : "exchangers",
    ...choice.tls === undefined ? {} : { tls: choice.tls },
    ...{ validating, sts },
    servers: found.map(({ probed }) => probed),
    lookups: dns.all,
  };
}

async function probeSts(domain: string, { sts, isKept }: Means): Promise<ProbedSts> {
  const kept = isKept(domain);
  const { policy, trouble = null } = await sts.find(domain);
  return { mode: policy?.mode ?? null, mx: policy?.mx ?? [], kept, trouble };
}

function probeServers(
  servers: Servers,
  { login }: Question,
  sending: Sending,
): Promise<readonly Found[]> {
  const rulesOf = rulesFor(servers, sending.security);
  return Promise.all(
    servers.hops.map(async (hop) => probeServer(hop, await rulesOf(hop), sending, login)),
  );
}

/** What an attempt would come to, which tries one server after the other. */
function verdictOf(way: Way, found: readonly Found[]): Verdict {
  if ("outcome" in way) {
    const { outcome } = way;
    return outcome.result === "delivered"
      ? { result: "accepted", reason: outcome.reason }
      : { result: outcome.result, status: outcome.status, reason: outcome.reason };
  }
  let [sessions, verdict]: [number, Verdict | undefined] = [0, undefined];
  for (const { probed, isSession, isMissing } of found) {
    if (sessions >= SESSIONS) break;
    if (isSession) sessions++;
    if (!isMissing || verdict === undefined) verdict = probed.verdict;
    if (verdict.result === "accepted") return verdict;
  }
  const isNone = found.every(({ isMissing }) => isMissing) && !way.areNamed && !way.arePartial;
  return isNone ? { ...verdict!, result: "failed", status: "5.4.4" } : verdict!;
}
