/**
 * What the configuration of a machine shall say, and why.
 *
 * @module
 */
import { join } from "node:path";
import { defaultStateDirectory } from "../../config/state_directory.ts";
import { canonicalName } from "../../dns/name.ts";
import type { Resolver } from "../../dns/resolver.ts";
import type { Finding } from "./finding.ts";
import type { Host } from "./host.ts";
import { type Mailer, mailer, type MailerName } from "./mailers.ts";
import { findDomain, findHostname } from "./names.ts";

/** What the command line says instead of what can be found out. */
export interface Wishes {
  readonly hostname?: string;
  readonly domain?: readonly string[];
  readonly address?: readonly string[];
  readonly mailer?: MailerName;
  readonly listen?: readonly string[];
}

/** Everything that was decided. */
export interface Plan {
  readonly hostname: Finding<string>;
  readonly domains: Finding<readonly string[]>;
  /** Public addresses. */
  readonly addresses: readonly string[];
  readonly listen: Finding<readonly string[]>;
  /** The account that a server started by root should have; `undefined` if it is not started by root. */
  readonly user: Finding<string> | undefined;
  readonly users: Finding<"passwd" | readonly string[]>;
  /** Who reads the mail for postmaster. */
  readonly postmaster: Finding<string>;
  readonly mailer: Finding<MailerName> & Mailer;
  readonly systemd: boolean;
}

/** Decides, and looks up in the DNS what else nobody knows. Throws if the machine has no full name. */
export async function makePlan(
  host: Host,
  wishes: Wishes,
  directory: string,
  dns: Resolver,
): Promise<Plan> {
  const addresses = wishes.address ?? host.addresses;
  const hostname = wishes.hostname === undefined
    ? await findHostname(host, addresses, dns)
    : { value: canonicalName(wishes.hostname), why: "as --hostname said" };
  const chosen = decideMailer(wishes, host);
  const mail = join(host.isRoot ? defaultStateDirectory() : directory, "mail");
  return {
    hostname,
    domains: await decideDomains(wishes, hostname.value, dns),
    addresses,
    listen: decideListen(wishes, host),
    user: host.isRoot ? decideUser(host) : undefined,
    users: decideUsers(host),
    postmaster: decidePostmaster(host),
    mailer: { ...chosen, ...mailer(chosen.value, mail) },
    systemd: host.systemd,
  };
}

async function decideDomains(
  { domain }: Wishes,
  hostname: string,
  dns: Resolver,
): Promise<Plan["domains"]> {
  if (domain !== undefined) {
    return {
      value: [...new Set(domain.map(canonicalName))],
      why: "as --domain said",
    };
  }
  const { value, why } = await findDomain(hostname, dns);
  return { value: [value], why };
}

function decideListen({ listen }: Wishes, { isRoot }: Host): Plan["listen"] {
  if (listen !== undefined) return { value: listen, why: "as --listen said" };
  return isRoot ? { value: ["*:25"], why: "the port of SMTP, at every address of the machine" } : {
    value: ["127.0.0.1:2525"],
    why: 'for this machine only: port 25, as in "*:25", is for root',
  };
}

function decideMailer(
  { mailer }: Wishes,
  { isRoot, self, people, mailers }: Host,
): Finding<MailerName> {
  if (mailer !== undefined) return { value: mailer, why: "as --mailer said" };
  const reachable = isRoot ? people.length > 0 : self !== undefined;
  if (!reachable) return { value: "maildir", why: "because there is no account to deliver to" };
  const [value, ...others] = mailers;
  if (value === undefined) {
    return { value: "maildir", why: "because no program that delivers mail is installed" };
  }
  const also = others.length > 0 ? `; so is ${others.join(" and ")} (\`--mailer\`)` : "";
  return { value, why: `which is installed${also}` };
}

function decideUser({ serviceUser }: Host): Finding<string> {
  return serviceUser === undefined
    ? { value: "postmaster", why: "make this account: useradd --system postmaster" }
    : { value: serviceUser, why: "an account of this machine without rights" };
}

/** Whoever is not root can deliver to nobody else. */
function decideUsers({ isRoot, self, people }: Host): Plan["users"] {
  if (isRoot) {
    return people.length > 0
      ? { value: "passwd", why: "those of this machine, from user ID 1000 on" }
      : { value: ["postmaster"], why: "the machine has no accounts of people" };
  }
  return self === undefined
    ? { value: ["postmaster"], why: "no account has the user ID that runs this" }
    : { value: [self], why: "only root can deliver to others" };
}

function decidePostmaster({ isRoot, self, admin, people }: Host): Finding<string> {
  if (!isRoot) return { value: self ?? "postmaster", why: "the only one with a mailbox" };
  if (admin !== undefined) return { value: admin, why: "who became root by sudo" };
  const [first = "postmaster"] = people;
  return { value: first, why: "the oldest account of a person" };
}
