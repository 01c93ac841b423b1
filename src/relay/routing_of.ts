/**
 * Finds the way of mail by the configuration and the DNS.
 * @module
 */
import { parseIp } from "../base/ip.ts";
import { messageOf } from "../base/message_of.ts";
import { parseHop, printHop } from "../client/hop.ts";
import type { DomainTable } from "../dns/domain_table.ts";
import { type MailExchangers, mailExchangers } from "../dns/mx.ts";
import { canonicalName } from "../dns/name.ts";
import type { Resolver } from "../dns/resolver.ts";
import type { Outcome } from "../handler/outcome.ts";
import { isHost } from "../net/address.ts";
import { type Log, silent } from "../log/event.ts";
import type { Mailbox } from "../smtp/mailbox.ts";
import type { Route, Routes } from "./routes.ts";
import type { Choice, NextHop, Routing, Way } from "./routing.ts";
import { inOrder, printServer, type Server } from "./server.ts";

/** What the configuration says of ways. */
export interface RoutingSettings {
  /** Where the exchangers listen. */
  readonly mx?: { readonly port: number } | undefined;
  /** The servers that mail goes by if it does not go to the exchangers. */
  readonly via?: readonly Server[] | undefined;
  /** What differs for some domains of recipients. */
  readonly routes?: Routes<string> | undefined;
  /** What differs for some senders, where `routes` say nothing. */
  readonly bySender?: Routes<Mailbox> | undefined;
  /** Own addresses by the domains of recipients, or by the names of servers that are named instead. */
  readonly sourceAddress?: DomainTable<readonly string[] | undefined> | undefined;
  /** Whether mail for address literals is sent. */
  readonly literals: boolean;
}

/** What finding the way needs. */
export interface RoutingNeeds {
  readonly dns: Resolver;
  /** The server's own names: exchangers that are no better than it are left out. */
  readonly names: readonly string[];
  /** A number from 0 to 1, for the order of equals. */
  readonly random?: () => number;
  /** Learns of tables that have become wrong. */
  readonly log?: Log;
}

/** The most exchangers of a domain that one attempt may use; those with the same priority are drawn by lot. */
const MOST = 5;
/** The port of exchangers where the configuration only names servers. */
const SMTP_PORT = 25;

/** Finds the way as the configuration says. */
export function routingOf(settings: RoutingSettings, needs: RoutingNeeds): Routing {
  return new ConfiguredRouting(settings, needs);
}

class ConfiguredRouting implements Routing {
  readonly #settings: RoutingSettings;
  readonly #dns: Resolver;
  readonly #names: readonly string[];
  readonly #random: () => number;
  readonly #log: Log;
  /** What is wrong with tables, as the log has it. */
  #trouble: string | undefined;

  constructor(
    settings: RoutingSettings,
    { dns, names, random = Math.random, log = silent }: RoutingNeeds,
  ) {
    this.#settings = settings;
    this.#dns = dns;
    this.#names = names;
    this.#random = random;
    this.#log = log;
  }

  async wayTo(domain: string, sender: Mailbox | null, choice: Choice): Promise<Way> {
    const { routes, bySender } = this.#settings;
    this.#tell(routes?.trouble ?? bySender?.trouble);
    const route = this.#chosen(choice) ?? routes?.get(domain) ??
      (sender === null ? undefined : bySender?.get(sender)) ?? this.#usual;
    const way = route === "mx" ? await this.#toExchangers(domain) : this.#by(route);
    if ("outcome" in way) return way;
    const source = this.#sourceFor(way.domain);
    const { tls } = choice;
    const more = { source, ...tls === undefined ? {} : { tls } };
    return { ...way, hops: way.hops.map((hop) => ({ ...hop, ...more })) };
  }

  destinationOf(domain: string, choice: Choice): string {
    const { routes, bySender } = this.#settings;
    const route = this.#chosen(choice) ?? routes?.get(domain);
    if (route !== undefined) return destinationBy(route, domain);
    const usual = destinationBy(this.#usual, domain);
    return usual === domain || bySender === undefined ? usual : `${usual} or by sender`;
  }

  get #usual(): Route {
    return this.#settings.via ?? "mx";
  }

  /** The servers that a handler has chosen. Those that the configuration knows are used as it says. */
  #chosen({ via }: Choice): readonly Server[] | undefined {
    if (via === undefined) return undefined;
    const { routes, bySender } = this.#settings;
    const all = [this.#usual, ...routes?.values() ?? [], ...bySender?.values() ?? []];
    const known = all.flatMap((route) => route === "mx" ? [] : route);
    return via.map(parseHop).map((hop, priority) => {
      const server = known.find((one) => printHop(one.hop) === printHop(hop));
      return { hop: server?.hop ?? hop, priority };
    });
  }

  #tell(trouble: string | undefined): void {
    if (trouble !== undefined && trouble !== this.#trouble) {
      this.#log("routes not read", { error: trouble });
    }
    this.#trouble = trouble;
  }

  #by(servers: readonly Server[]): Way {
    const hops = inOrder(servers, this.#random).map(({ hop }) => hop);
    const hosts = hops.map(({ host }) => host);
    const exchangers = { hosts, implicit: true };
    return { hops, domain: hosts[0]!, exchangers, areNamed: true, arePartial: false };
  }

  async #toExchangers(domain: string): Promise<Way> {
    if (domain.startsWith("[") && !this.#settings.literals) {
      return failed("5.1.2", `no mail is sent to address literals such as ${domain}`);
    }
    let found: MailExchangers;
    try {
      const options = { self: this.#names, random: this.#random };
      found = await mailExchangers(this.#dns, domain, options);
    } catch (error) {
      return unknownNow(domain, error);
    }
    if ("none" in found) return NONE[found.none](domain, this.#names[0] ?? "this server");
    const isLiteral = domain.startsWith("[");
    const usable = found.hosts.filter((host) =>
      isHost(host) && isLiteral === (parseIp(host) !== undefined)
    );
    if (usable.length === 0) {
      return isLiteral
        ? failed("5.1.2", `${domain} is no address that mail can be sent to`)
        : failed("5.4.4", `the exchangers of ${domain} are no names: ${found.hosts[0]}`);
    }
    const hosts = usable.slice(0, MOST);
    const port = this.#settings.mx?.port ?? SMTP_PORT;
    const hops = hosts.map((host): NextHop => ({ scheme: "smtp", host, port }));
    const arePartial = usable.length > hosts.length;
    return { hops, domain, exchangers: { ...found, hosts }, areNamed: false, arePartial };
  }

  /** One own address of each family. */
  #sourceFor(domain: string): readonly string[] | undefined {
    const all = this.#settings.sourceAddress?.get(domain);
    if (all === undefined) return undefined;
    const one = (list: readonly string[]) => list[Math.floor(this.#random() * list.length)] ?? [];
    const isSix = (address: string) => address.includes(":");
    return [one(all.filter(isSix)), one(all.filter((address) => !isSix(address)))].flat();
  }
}

const destinationBy = (route: Route, domain: string): string =>
  route === "mx" ? canonicalName(domain) : route.map(printServer).join(" ");

/** Why mail for a domain fails, by what is known of its exchangers. */
const NONE: Readonly<
  Record<Extract<MailExchangers, { none: string }>["none"], (domain: string, own: string) => Way>
> = {
  "no such domain": (domain) => failed("5.1.2", `there is no domain ${domain}`),
  "no host": (domain) => failed("5.4.4", `${domain} has no server that takes mail`),
  "null MX": (domain) => failed("5.1.10", `${domain} takes no mail (null MX)`),
  "loops back to us": (domain, own) =>
    failed("5.4.6", `mail for ${domain} loops back to ${own}, which does not know the domain`),
};

const failed = (status: `5.${number}.${number}`, reason: string): Way =>
  outcome({ result: "failed", status, reason, kind: "dns" });

const unknownNow = (domain: string, error: unknown): Way =>
  outcome({
    ...{ result: "deferred", status: "4.4.3", kind: "dns", scope: "destination" },
    reason: `the exchangers of ${domain} are unknown now: ${messageOf(error)}`,
  });

/** Reasons are ASCII; a domain may come from anywhere. */
const outcome = (outcome: Extract<Outcome, { status: string }>): Way => ({
  outcome: { ...outcome, reason: outcome.reason.replace(/[^\x20-\x7e]/g, "?") },
});
