/**
 * A whole mail configuration in a zone of the DNS.
 * @module
 */
import {
  canonicalName,
  discard,
  type EventOf,
  type HandlerFactory,
  isIn,
  isUnclaimed,
  Mailbox,
  mailer,
  mayLeadOn,
  Network,
  type Next,
  on,
  rejoin,
  relay,
  relayingDenied,
  type Reply,
  type Route,
  routeTo,
  say,
  type Session,
  type Target,
} from "postmaster";
import { defineHandler, kinds, z } from "postmaster/making";
import { accept, askAll } from "./alias.ts";
import { found, unlessInDoubt } from "./lookup.ts";
import {
  domainName,
  type Kind,
  parseRecords,
  policyName,
  type Tags,
  userName,
} from "./zone_record.ts";

/** The name of a zone as an option. */
const zoneName: z.ZodType<string, string> = kinds.text(
  "the name of a zone, such as _postmaster.example.net",
  (text) => {
    const name = canonicalName(text);
    if (name.split(".").every((label) => /^[A-Za-z0-9_-]{1,63}$/.test(label))) return name;
    throw new TypeError(
      `\`${text}\` is no name of a zone: write one such as _postmaster.example.net`,
    );
  },
);

/** The options of {@linkcode zone}, where its name is not enough. */
export interface ZoneOptions {
  /** The name of the zone. */
  readonly name: string;
  /** The target of a local user; by default the mailer of the configuration. `{user}` stands for the user, too. */
  readonly deliver?: (user: string) => Target;
}

const NO_USER = say(5, 5, 0, "unknown recipient", "5.1.1");
const REFUSED = say(5, 5, 4, "no service for your network", "5.7.1");
const NONSENSE = say(4, 5, 1, "the mail configuration makes no sense", "4.3.5");

/**
 * Reads domains, users, aliases, routes and policy from TXT records below a name of the DNS, so that one zone
 * configures many mail exchangers. A change takes effect when the time to live of the old records ends. While the DNS
 * does not answer, or if a record makes no sense, recipients are deferred and never refused. Recipients that the zone
 * does not have are passed on to the handlers further in. In the domains of the zone, a recipient that those do not
 * have either is refused, or goes to the catch-all.
 *
 * @example
 * ```ts
 * import { zone } from "postmaster/handlers";
 *
 * export default zone("_postmaster.example.net");
 * ```
 */
export const zone: HandlerFactory<string | ZoneOptions> = defineHandler({
  name: "zone",
  summary: "Reads domains, users, aliases, routes and policy from the DNS.",
  options: z.union([
    zoneName.transform((name): { name: string; deliver?: ZoneOptions["deliver"] } => ({ name })),
    kinds.options({
      name: zoneName.describe("The name of the zone."),
      deliver: kinds.code<(user: string) => Target>(),
    }),
  ], { error: "the name of a zone, such as _postmaster.example.net" }),
  create: ({ name: zone, deliver = mailer }) =>
    on("AddRcptTo", (event, next, session) => {
      const whole = rejoin(event.mailbox, event.suffix ?? "");
      const question = { event, next, session, zone, deliver, whole };
      const sensible = async () => {
        try {
          return await answer(question) ?? await next();
        } catch (error) {
          if (!(error instanceof Nonsense)) throw error;
          session.log("a record of the zone makes no sense", { problem: error.message });
          return NONSENSE;
        }
      };
      return unlessInDoubt(sensible, (text, fields) => session.log(text, fields));
    }),
  example: "zone: _postmaster.example.net",
  part: "accepts",
});

/** A record that makes no sense. */
class Nonsense extends Error {}

/** A question about one recipient. */
interface Question {
  readonly event: EventOf<"AddRcptTo">;
  readonly next: Next<"AddRcptTo">;
  readonly session: Session;
  readonly zone: string;
  readonly deliver: (user: string) => Target;
  /** The recipient with the extension that was cut off. */
  readonly whole: Mailbox;
}

/** `undefined` if the zone has nothing to say. */
async function answer(question: Question): Promise<Reply | undefined> {
  const { event: { mailbox }, session, zone, whole } = question;
  const { domain } = mailbox;
  if (domain === "" || domain.startsWith("[")) return undefined;
  const [policy, tags] = await Promise.all([
    look(session, "policy", policyName(zone)),
    look(session, "domain", domainName(domain, zone)),
  ]);
  const isOneOf = (tag: string) =>
    isIn(session.peer.address, (policy?.get(tag) ?? []).map(Network.parse));
  if (isOneOf("refuse")) return REFUSED;
  const isTrusted = isOneOf("relay-for");
  if (tags === undefined) {
    return isTrusted ? accept(routes(question, [relay([whole])])) : undefined;
  }
  const relays = tags.get("relay");
  if (relays === undefined) return await inDomain(question, tags);
  if (relays.includes("yes") && mayLeadOn(mailbox) && !isTrusted) return relayingDenied;
  return accept(relayed(question, relays));
}

async function inDomain(question: Question, domain: Tags): Promise<Reply> {
  const { event, next, session, zone } = question;
  const name = userName(event.mailbox, zone);
  const tags = name === undefined ? undefined : await look(session, "user", name);
  if (tags !== undefined) return await known(question, tags);
  const reply = await next();
  if (!isUnclaimed(reply)) return reply;
  const all = domain.get("catch-all");
  return all === undefined || event.exact ? NO_USER : await others(question, all);
}

async function known(question: Question, tags: Tags): Promise<Reply> {
  const { event, deliver } = question;
  const [text] = tags.get("reject") ?? [];
  if (text !== undefined) return say(5, 5, 0, text, "5.7.1");
  const own = [
    ...(tags.get("user") ?? []).map((user) => routeTo(event, deliver(user), user)),
    ...relayed(question, tags.get("relay") ?? []),
    ...routes(question, (tags.get("discard") ?? []).map(() => discard())),
  ];
  const aliases = tags.get("alias");
  if (aliases !== undefined) return await others(question, aliases, own);
  if (own.length === 0) throw new Nonsense(`${event.mailbox} leads nowhere`);
  return accept(own);
}

/** Other addresses: each goes through the whole chain. */
function others(
  { event: { mailbox, parameters }, session, whole }: Question,
  addresses: readonly string[],
  own: readonly Route[] = [],
): Promise<Reply> {
  const members = addresses.map((address) => Mailbox.parse(address));
  if (members.some((one) => one.equals(mailbox) || one.equals(whole))) {
    throw new Nonsense(`${mailbox} is an alias of itself`);
  }
  const ask = (member: Mailbox) =>
    session.trigger({ type: "AddRcptTo", mailbox: member, parameters });
  return askAll(mailbox, members, ask, session, own);
}

/** Routes on to these addresses; `yes` stands for the recipient itself. */
const relayed = (question: Question, addresses: readonly string[]): Route[] =>
  routes(
    question,
    addresses.map((to) => relay([to === "yes" ? question.whole : Mailbox.parse(to)])),
  );

const routes = ({ event }: Question, targets: readonly Target[]): Route[] =>
  targets.map((target) => routeTo(event, target));

async function look({ dns }: Session, kind: Kind, name: string): Promise<Tags | undefined> {
  const records = await found(dns.resolveTxt(name), []);
  try {
    return parseRecords(records, kind);
  } catch (error) {
    throw error instanceof TypeError ? new Nonsense(`${name}: ${error.message}`) : error;
  }
}
