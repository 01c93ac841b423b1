/**
 * The exchangers of each domain (MX, RFC 5321 section 5): they exist, and each is this server or answers.
 * @module
 */
import type { NetConnectOpts } from "node:net";
import { messageOf } from "../../base/message_of.ts";
import { parseIp } from "../../base/ip.ts";
import { DnsError } from "../../dns/error.ts";
import { canonicalName } from "../../dns/name.ts";
import type { MxRecord } from "../../dns/records.ts";
import { isListening } from "../../net/own_addresses.ts";
import { type Check, forEach } from "./check.ts";
import { fault, type Found, note, ok, warning } from "./finding.ts";
import { greet } from "./greet.ts";
import type { Installation } from "./installation.ts";

/** What became of an exchanger. */
type Became = "here" | "answers" | "dead";

interface Looked {
  readonly became: Became;
  readonly found: readonly Found[];
}

/** The check. */
export const exchangers: Check = {
  name: "mx",
  about: "the exchangers of each domain: they exist, and are this server or answer",
  network: true,
  run: (installation, signal) => {
    const looks = new Map<string, Promise<Looked>>();
    const look = (host: string) => {
      const looking = looks.get(host) ?? lookAt(host, installation, signal);
      looks.set(host, looking);
      return looking;
    };
    return forEach(
      installation.domains,
      (domain) => domain,
      (domain) => exchangersOf(domain, installation, look),
    );
  },
};

async function exchangersOf(
  domain: string,
  installation: Installation,
  look: (host: string) => Promise<Looked>,
): Promise<readonly Found[]> {
  const record = `${domain}. IN MX 10 ${installation.hostname}.`;
  const records = await mxOf(domain, installation);
  if ("missing" in records) {
    return [
      records.missing === "ENOTFOUND"
        ? fault(domain, `the domain ${domain} does not exist: nobody can send mail to it`, record)
        : warning(domain, `${domain} has no MX record; its mail goes to its address`, record),
    ];
  }
  const hosts = [...new Set(records.found.map(({ exchange }) => canonicalName(exchange)))];
  if (hosts.every((host) => host === "")) {
    return [fault(domain, `${domain} says that it takes no mail (null MX, RFC 7505)`, record)];
  }
  const looked = await Promise.all(hosts.map(look));
  const found = looked.flatMap((one) => one.found);
  const is = (wanted: Became) => looked.some(({ became }) => became === wanted);
  if (!is("here") && !is("answers")) {
    return [...found, fault(domain, `no exchanger of ${domain} works: it gets no mail`, record)];
  }
  const here = is("here")
    ? []
    : [note(domain, `no exchanger of ${domain} is this server, ${installation.hostname}`, record)];
  return found.length + here.length > 0
    ? [...found, ...here]
    : [ok(domain, `the exchangers of ${domain} are ${hosts.join(", ")}`)];
}

async function mxOf(
  domain: string,
  { dns }: Installation,
): Promise<{ readonly found: readonly MxRecord[] } | { readonly missing: string }> {
  try {
    return { found: await dns.resolveMx(domain) };
  } catch (error) {
    if (!(error instanceof DnsError && error.permanent)) throw error;
    return { missing: error.code };
  }
}

async function lookAt(
  host: string,
  installation: Installation,
  signal: AbortSignal,
): Promise<Looked> {
  const dead = (what: string, mend: string): Looked => ({
    became: "dead",
    found: [warning(host, `the exchanger ${host} ${what}`, mend)],
  });
  if (parseIp(host) !== undefined) {
    return dead("is an address, and not a name", "name a host in the MX record");
  }
  const { hostname, dns, listening, exchangerPort: port } = installation;
  const { addresses, alias } = await addressesAt(host, dns);
  const [address] = addresses;
  if (address === undefined) {
    return dead("has no address", `${host}. IN A ADDRESS, or remove the MX record`);
  }
  const isOurs = host === canonicalName(hostname) ||
    addresses.some((one) => isListening(listening, one, port));
  const failure = isOurs
    ? undefined
    : await failureAt(host, { host: address, port }, hostname, signal);
  const looked: Looked = failure === undefined
    ? { became: isOurs ? "here" : "answers", found: [] }
    : dead(`does not take mail: ${failure}`, "start its server, or remove its MX record");
  return { ...looked, found: [...doubtsAboutAlias(host, alias), ...looked.found] };
}

function doubtsAboutAlias(host: string, alias: string | undefined): readonly Found[] {
  if (alias === undefined) return [];
  const what = `the exchanger ${host} is an alias of ${alias}, which RFC 5321 section 5.1 forbids`;
  return [warning(host, what, `name ${alias} in the MX record`)];
}

/** Why a server does not want to be greeted; `undefined` if it does. */
async function failureAt(
  host: string,
  to: NetConnectOpts,
  name: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    await greet({ scheme: "smtp", host, to, tls: false }, name, signal);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/** The addresses of a host, and the name that it is an alias of. */
export async function addressesAt(
  host: string,
  dns: Installation["dns"],
): Promise<{ readonly addresses: readonly string[]; readonly alias: string | undefined }> {
  const answers = await Promise.all((["A", "AAAA"] as const).map(async (type) => {
    try {
      return await dns.query(host, type);
    } catch (error) {
      if (error instanceof DnsError && error.permanent) return { records: [] };
      throw error;
    }
  }));
  const alias = answers.map((one) => "canonical" in one ? one.canonical : undefined)
    .find((name) => name !== undefined);
  return { addresses: answers.flatMap(({ records }) => records), alias };
}
