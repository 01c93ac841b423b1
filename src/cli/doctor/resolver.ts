/**
 * The DNS servers that are asked: they answer in time, tell what does not exist from what they cannot find out, and
 * check DNSSEC.
 * @module
 */
import { CachingResolver } from "../../dns/caching_resolver.ts";
import { type DnsCode, DnsError } from "../../dns/error.ts";
import { type DnsServer, printDnsServer, systemServers } from "../../dns/server_address.ts";
import { isLocal } from "../../base/ip.ts";
import { type Check, forEach } from "./check.ts";
import { fault, type Found, note, ok, warning } from "./finding.ts";
import type { Installation } from "./installation.ts";

/** Milliseconds in which a server should know that a name does not exist. */
const SLOW = 2000;

/** The check. */
export const resolver: Check = {
  name: "resolver",
  about: "the DNS servers: they answer in time, tell a failure from nothing, and check DNSSEC",
  network: true,
  run: (installation) => {
    const servers = installation.settings.dns?.servers ?? systemServers().servers;
    if (servers.length === 0) {
      const what = "no DNS server is known: mail for domains that do not exist is never returned";
      return Promise.resolve([warning("dns", what, "name one: `dns: {servers: [127.0.0.1]}`")]);
    }
    return forEach(servers, printDnsServer, (server) => lookAt(server, installation));
  },
};

async function lookAt(
  server: DnsServer,
  { settings: { dns }, wishes: { bogus } }: Installation,
): Promise<readonly Found[]> {
  const one = new CachingResolver({ ...dns, servers: [server], attempts: 1 });
  const place = printDnsServer(server);
  const { said: absent, took } = await askForNothing(one);
  if (absent === "an answer") {
    const what = `the DNS server ${place} gives addresses to names that do not exist`;
    return [fault(place, what, OTHER)];
  }
  if (absent !== "ENOTFOUND" && absent !== "ENODATA") {
    const what = `the DNS server ${place} does not answer questions of this machine (${absent})`;
    return [fault(place, what, OTHER)];
  }
  const late = took > SLOW
    ? [
      warning(place, `the DNS server ${place} took ${(took / 1000).toFixed(1)} s to answer`, OTHER),
    ]
    : [];
  return [...late, ...judge(place, await ask(one, bogus), bogus, dns?.validating === true, server)];
}

/** How often a server that is slow is asked: this program itself may have been busy. */
const TRIES = 3;

/** Asks for a name that does not exist, and measures the milliseconds. */
async function askForNothing(dns: CachingResolver, tries = TRIES) {
  const began = performance.now();
  const said = await ask(dns, `${crypto.randomUUID()}.invalid`);
  const took = performance.now() - began;
  if (took <= SLOW || tries === 1 || said === "ETIMEOUT") return { said, took };
  return await askForNothing(dns, tries - 1);
}

const OTHER =
  "run a resolver on this machine, such as unbound, and set `dns: {servers: [127.0.0.1], validating: true}`";

/** What a server makes of a name whose DNSSEC is broken. */
function judge(
  place: string,
  said: DnsCode | "an answer",
  bogus: string,
  isTrusted: boolean,
  { address }: DnsServer,
): readonly Found[] {
  switch (said) {
    case "an answer": {
      const what = `the DNS server ${place} does not check DNSSEC: it answers for ${bogus}`;
      return [
        isTrusted
          ? fault(place, `${what}, although \`dns.validating\` trusts it`, OTHER)
          : note(place, `${what}, so DANE is not used`, OTHER),
      ];
    }
    case "ENOTFOUND":
    case "ENODATA": {
      const what =
        `the DNS server ${place} hides failures: it says that ${bogus} does not exist, ` +
        "instead of SERVFAIL; so mail bounces that should wait";
      return [fault(place, what, OTHER)];
    }
    case "ESERVFAIL":
      return isTrusted || !isLocal(address)
        ? [ok(place, `the DNS server ${place} answers, says SERVFAIL, and checks DNSSEC`)]
        : [
          note(place, `the DNS server ${place} checks DNSSEC`, "use it: `dns: {validating: true}`"),
        ];
    default:
      return [note(place, `whether ${place} checks DNSSEC is not known: ${said} for ${bogus}`)];
  }
}

async function ask(dns: CachingResolver, name: string): Promise<DnsCode | "an answer"> {
  try {
    await dns.resolve4(name);
    return "an answer";
  } catch (error) {
    if (error instanceof DnsError) return error.code;
    throw error;
  }
}
