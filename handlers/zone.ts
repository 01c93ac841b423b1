/**
 * A whole mail configuration in a zone of the DNS.
 *
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
import { mayLeadOn } from "./relay_to.ts";
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
  /** Where the mail of a local user goes; by default to the mailer of the configuration. `{user}` stands for the user, too. */
  readonly deliver?: (user: string) => Target;
}

const NO_USER = say(5, 5, 0, "unknown recipient", "5.1.1");
const REFUSED = say(5, 5, 4, "no service for your network", "5.7.1");
const NONSENSE = say(4, 5, 1, "the mail configuration makes no sense", "4.3.5");

/**
 * Reads domains, users, aliases, routes and policy from TXT records below a name of the DNS, so that one zone
 * configures many mail exchangers. A change takes effect as the time to live of the old records runs out. While the
 * DNS does not answer, or a record makes no sense, recipients are deferred and never refused. Recipients whom the zone
 * does not have are passed on to the handlers further in; in its domains, who is not found there either is refused, or
 * goes to the catch-all.
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
  create: ({ name, deliver = mailer }) =>
    on("AddRcptTo", (event, next, session) =>
      unlessInDoubt(
        () => new Recipient(event, next, session, name, deliver).answer(),
        (text, fields) => session.log(text, fields),
      )),
  example: "zone: _postmaster.example.net",
  part: "accepts",
});

/** A record that nobody can follow. */
class Nonsense extends Error {}

/** One recipient, and what the zone has for it. */
class Recipient {
  readonly #event: EventOf<"AddRcptTo">;
  readonly #mailbox: Mailbox;
  /** The recipient with the extension that was cut off. */
  readonly #whole: Mailbox;
  readonly #next: Next<"AddRcptTo">;
  readonly #session: Session;
  readonly #base: string;
  readonly #deliver: (user: string) => Target;

  constructor(
    event: EventOf<"AddRcptTo">,
    next: Next<"AddRcptTo">,
    session: Session,
    base: string,
    deliver: (user: string) => Target,
  ) {
    this.#event = event;
    this.#mailbox = event.mailbox;
    this.#whole = rejoin(event.mailbox, event.suffix ?? "");
    this.#next = next;
    this.#session = session;
    this.#base = base;
    this.#deliver = deliver;
  }

  async answer(): Promise<Reply> {
    try {
      return await this.#answer() ?? await this.#next();
    } catch (error) {
      if (!(error instanceof Nonsense)) throw error;
      this.#session.log("a record of the zone makes no sense", { problem: error.message });
      return NONSENSE;
    }
  }

  /** `undefined` if the zone has nothing to say. */
  async #answer(): Promise<Reply | undefined> {
    const { domain } = this.#mailbox;
    if (domain === "" || domain.startsWith("[")) return undefined;
    const [policy, tags] = await Promise.all([
      this.#look("policy", policyName(this.#base)),
      this.#look("domain", domainName(domain, this.#base)),
    ]);
    const { address } = this.#session.peer;
    const isOneOf = (tag: string) => isIn(address, (policy?.get(tag) ?? []).map(Network.parse));
    if (isOneOf("refuse")) return REFUSED;
    const isTrusted = isOneOf("relay-for");
    if (tags === undefined) {
      return isTrusted ? accept(this.#routes([relay([this.#whole])])) : undefined;
    }
    const relays = tags.get("relay");
    if (relays === undefined) return await this.#inDomain(tags);
    if (relays.includes("yes") && mayLeadOn(this.#mailbox) && !isTrusted) return relayingDenied;
    return accept(this.#routes(relays.map(this.#relayed)));
  }

  async #inDomain(domain: Tags): Promise<Reply> {
    const name = userName(this.#mailbox, this.#base);
    const tags = name === undefined ? undefined : await this.#look("user", name);
    if (tags !== undefined) return await this.#known(tags);
    const reply = await this.#next();
    if (!isUnclaimed(reply)) return reply;
    const others = domain.get("catch-all");
    return others === undefined || this.#event.exact ? NO_USER : await this.#others(others);
  }

  async #known(tags: Tags): Promise<Reply> {
    const [text] = tags.get("reject") ?? [];
    if (text !== undefined) return say(5, 5, 0, text, "5.7.1");
    const own = [
      ...(tags.get("user") ?? []).map((user) => routeTo(this.#event, this.#deliver(user), user)),
      ...this.#routes((tags.get("relay") ?? []).map(this.#relayed)),
      ...this.#routes((tags.get("discard") ?? []).map(() => discard())),
    ];
    const aliases = tags.get("alias");
    if (aliases === undefined) {
      if (own.length === 0) throw new Nonsense(`${this.#mailbox} leads nowhere`);
      return accept(own);
    }
    return await this.#others(aliases, own);
  }

  /** Other addresses: each goes through the whole chain. */
  #others(addresses: readonly string[], own: readonly Route[] = []): Promise<Reply> {
    const members = addresses.map((address) => Mailbox.parse(address));
    if (members.some((one) => one.equals(this.#mailbox) || one.equals(this.#whole))) {
      throw new Nonsense(`${this.#mailbox} is an alias of itself`);
    }
    const ask = (member: Mailbox) =>
      this.#session.trigger({ type: "AddRcptTo", mailbox: member, parameters: new Map() });
    return askAll(this.#mailbox, members, ask, this.#session, own);
  }

  readonly #relayed = (to: string): Target =>
    relay([to === "yes" ? this.#whole : Mailbox.parse(to)]);

  #routes(targets: readonly Target[]): Route[] {
    return targets.map((target) => routeTo(this.#event, target));
  }

  async #look(kind: Kind, name: string): Promise<Tags | undefined> {
    const records = await found(this.#session.dns.resolveTxt(name), []);
    try {
      return parseRecords(records, kind);
    } catch (error) {
      throw error instanceof TypeError ? new Nonsense(`${name}: ${error.message}`) : error;
    }
  }
}
