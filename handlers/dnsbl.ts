/**
 * Refusal of clients on lists of addresses in the DNS (RFC 5782).
 * @module
 */
import {
  type Field,
  type HandlerFactory,
  on,
  parseIp,
  type Reply,
  say,
  type Session,
  variable,
} from "postmaster";
import { defineHandler, kinds, Seldom, z } from "postmaster/making";
import {
  type DnsList,
  dnsList,
  type DnsListOption,
  meaningOf,
  weightedDnsList,
  type WeightedDnsListOption,
} from "./dns_list.ts";
import { found } from "./lookup.ts";
import { refuseClient } from "./refusal.ts";

/** The options of {@linkcode dnsbl}. */
export interface DnsblOptions {
  /** Lists of unwanted clients: domains, or `{zone, codes, weight}`. */
  readonly lists: readonly (string | WeightedDnsListOption)[];
  /** Lists of clients that are always welcome, such as list.dnswl.org: domains, or `{zone, codes}`. */
  readonly allow?: readonly (string | DnsListOption)[];
  /** The sum of weights from which a client is refused. */
  readonly threshold?: number;
}

/**
 * Refuses the recipients of clients whose address is on lists. All lists are asked at once, at the first recipient of
 * a session. A list that does not answer, answers with an error or has every address decides nothing; the log says so
 * once a day. Clients without a public address, and authenticated clients, are not looked up; 127.0.0.2 is, because
 * every list has it for tests.
 *
 * @example
 * ```ts
 * import { dnsbl } from "postmaster/handlers";
 *
 * export default dnsbl({
 *   lists: ["zen.spamhaus.org", { zone: "bl.example.org", codes: "127.0.0.2-4", weight: 0.5 }],
 *   allow: ["list.dnswl.org"],
 * });
 * ```
 */
export const dnsbl: HandlerFactory<DnsblOptions> = defineHandler({
  name: "dnsbl",
  summary: "Refuses clients that are on lists in the DNS.",
  options: kinds.options({
    lists: kinds.list(weightedDnsList, "a list of domains, such as [zen.spamhaus.org]", 1)
      .describe("Lists of unwanted clients: domains, or `{zone, codes, weight}`."),
    allow: kinds.list(dnsList).default([]).describe(
      "Lists of clients that are always welcome, such as list.dnswl.org: domains, or `{zone, codes}`.",
    ),
    threshold: z.number().positive().default(1)
      .describe("The sum of weights from which a client is refused."),
  }),
  create: ({ lists, allow, threshold }) => {
    const troubles = new Troubles();
    return on("AddRcptTo", async (_event, next, session): Promise<Reply> => {
      const { peer, user, original } = session;
      const name = nameOf(peer.address);
      // What a handler asks for at another command is nothing that the client has named.
      if (name === undefined || user !== undefined || original.type !== "AddRcptTo") return next();
      const isOn = (list: DnsList) => isListed(name, list, session, troubles);
      const [on, allowed] = await Promise.all([
        Promise.all(lists.map(isOn)),
        Promise.all(allow.map(isOn)),
      ]);
      const hits = lists.filter((_list, i) => on[i]);
      const sum = hits.reduce((sum, { weight }) => sum + weight, 0);
      if (sum < threshold || allowed.includes(true)) return next();
      const zones = [...new Set(hits.map(({ zone }) => zone))].join(", ");
      session.log("listed", { zones });
      return refuseClient(session, say(5, 5, 4, `${peer.address} is listed by ${zones}`, "5.7.1"));
    });
  },
  example: `\
dnsbl:
  lists:
    - zen.spamhaus.org
    - { zone: bl.example.org, codes: 127.0.0.2-4, weight: 0.5 }
  allow: [list.dnswl.org]`,
  part: "checks",
});

/** The entry that every list has for tests (RFC 5782 section 5). */
const TEST = "127.0.0.2";
/** The name of 127.0.0.1: only a list that has every address has it (RFC 5782 section 5). */
const NOBODY = "1.0.0.127";

/** The address in the form of a list (RFC 5782 sections 2.1 and 2.4); `undefined` if no list can have it. */
function nameOf(address: string): string | undefined {
  const parsed = parseIp(address);
  if (parsed === undefined) return undefined;
  if (PRIVATE.has(parsed.range()) && parsed.toString() !== TEST) return undefined;
  return parsed.kind() === "ipv4"
    ? parsed.toByteArray().toReversed().join(".")
    : parsed.toByteArray().map((byte) => byte.toString(16).padStart(2, "0")).join("")
      .split("").toReversed().join(".");
}

/** The ranges of addresses that mean something else in every network. */
const PRIVATE: ReadonlySet<string> = new Set([
  ...["loopback", "private", "linkLocal", "uniqueLocal", "carrierGradeNat"],
  ...["unspecified", "broadcast", "multicast"],
]);

/** Whether a list has a name. Without a clear answer, the list counts as empty, and the log says so. */
async function isListed(
  name: string,
  list: DnsList,
  session: Session,
  troubles: Troubles,
): Promise<boolean> {
  const { zone } = list;
  try {
    const answers = await answersTo(`${name}.${zone}`, session);
    const error = answers.find((answer) => meaningOf(answer, list) === "error");
    if (error !== undefined) {
      troubles.log(session, zone, "a list answers with an error", { answer: error });
    }
    const counts = (answer: string) => meaningOf(answer, list) === "counts";
    if (!answers.some(counts)) return false;
    if (!(await answersTo(`${NOBODY}.${zone}`, session)).some(counts)) return true;
    troubles.log(session, zone, "a list has everybody on it");
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (session.signal.aborted) return false; // the client is gone, and with it the question
    troubles.log(session, zone, "a list does not answer", { error: error.message });
  }
  return false;
}

/** The answers of the lists, once for each session. */
const answered = variable("session", "dnsbl", (): Map<string, Promise<string[]>> => new Map());

function answersTo(name: string, session: Session): Promise<string[]> {
  const known = session.get(answered);
  const asking = known.get(name) ?? found(session.dns.resolve4(name), []);
  known.set(name, asking);
  return asking;
}

/** A day in milliseconds. */
const DAY = 86_400_000;

/** Faults of lists, for the log: each kind once a day for each list. */
class Troubles {
  readonly #logged = new Seldom(DAY);

  log(session: Session, list: string, text: string, fields: Readonly<Record<string, Field>> = {}) {
    const isDue = this.#logged.isDue(`${list} ${text}`, session.time.getTime());
    if (isDue) session.log(text, { list, ...fields });
  }
}
