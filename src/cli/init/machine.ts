/**
 * What a first configuration says for this machine.
 * @module
 */
import { existsSync, readFileSync } from "node:fs";
import { hostname } from "node:os";
import { env } from "node:process";
import { parseIp } from "../../base/ip.ts";
import { isUserName } from "../../../handlers/users.ts";
import { accountsIn, findAccount, isPerson, PASSWD } from "../../base/passwd.ts";
import { canonicalName, isSameName } from "../../dns/name.ts";
import { isDomain } from "../../smtp/mailbox.ts";
import { placesOf } from "../../targets/identity.ts";

/** What can deliver, the preferred one first; a Maildir needs no program. */
export const MAILERS = ["procmail", "maildrop", "maildir"] as const;

/** What the command line says instead of what the machine does. */
export interface Wishes {
  readonly hostname?: string;
  readonly domain?: readonly string[];
  readonly address?: readonly string[];
  readonly mailer?: typeof MAILERS[number];
  readonly listen?: readonly string[];
}

/** What a machine can tell about itself. */
export type Machine = ReturnType<typeof lookAround>;
/** The values of a first configuration. */
export type Values = ReturnType<typeof choose>;

/** procmail(1) believes `daemon`; the group of `mail` could read mailboxes. */
const SERVICE_USERS = ["postmaster", "daemon"];

/** Describes the machine that runs this program. Whatever cannot be read is left out. */
export function lookAround() {
  const accounts = accountsIn(textOf(PASSWD).split("\n"));
  const uid = Deno.uid() ?? 0;
  const people = accounts.filter((account) => isPerson(account) && isUserName(account.name))
    .toSorted((a, b) => a.uid - b.uid)
    .map(({ name }) => name);
  const addresses = Deno.networkInterfaces().map(({ address }) => address);
  return {
    names: namesOf(hostname(), textOf("/etc/hostname"), textOf("/etc/hosts")),
    addresses: addresses.filter((address) => parseIp(address)?.range() === "unicast"),
    isRoot: uid === 0,
    /** The account that runs this process, if it has one. */
    self: accounts.length === 0 ? undefined : findAccount(uid)?.name,
    people,
    admin: people.find((name) => name === env["SUDO_USER"]),
    serviceUser: SERVICE_USERS.find((name) => accounts.some((one) => one.name === name)),
    mailers: MAILERS.filter((name) => placesOf(name).some((place) => existsSync(place))),
  };
}

/** The names that the kernel, hostname(5) and hosts(5) have for a machine, as for `hostname -f`. */
export function namesOf(kernel: string, file: string, hosts: string): readonly string[] {
  const known = hosts.split("\n")
    .map((line) => line.replace(/#.*/, "").trim().split(/\s+/).slice(1))
    .filter((names) => names.some((name) => isSameName(name, kernel)));
  return [kernel, file.trim(), ...known.flat()].filter((name) => name !== "");
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

/** Chooses the values. Throws if nobody knows the full name of the machine. */
export function choose(machine: Machine, wishes: Wishes) {
  const { isRoot, people, mailers } = machine;
  const self = isRoot || !isUserName(machine.self ?? "") ? undefined : machine.self;
  const isForPeople = isRoot && people.length > 0;
  const hostname = canonicalName(wishes.hostname ?? findFullName(machine.names));
  return {
    hostname,
    domains: [...new Set((wishes.domain ?? [guessDomain(hostname)]).map(canonicalName))],
    addresses: wishes.address ?? [...new Set(machine.addresses)],
    listen: wishes.listen ?? [isRoot ? "*:25" : "127.0.0.1:2525"],
    /** The account that the server becomes, if root starts it. */
    user: isRoot ? machine.serviceUser ?? "postmaster" : undefined,
    users: isForPeople ? "passwd" : [self ?? "postmaster"],
    postmaster: isForPeople ? machine.admin ?? people[0]! : self ?? "postmaster",
    mailer: wishes.mailer ?? (isForPeople || self !== undefined ? mailers[0] : undefined) ??
      "maildir",
  };
}

function findFullName(names: readonly string[]): string {
  const name = names.find(isFullName);
  if (name !== undefined) return name;
  const itself = names.length === 0 ? "has no name" : `calls itself \`${names[0]}\``;
  throw new Error(
    `this machine ${itself}, which is no full name: say the full name, such as --hostname mx.example.net`,
  );
}

/** Top-level domains whose names only mean something at home (RFC 6761, RFC 6762, RFC 8375 and usage). */
const PRIVATE = /(^|\.)(local|localhost|localdomain|internal|lan|home|intranet|invalid|arpa|\d*)$/;

/** True for a name that the world can look up: `mx.example.net`, not `mx`, `mx.local` or an address. */
export function isFullName(text: string): boolean {
  const name = canonicalName(text);
  return /^[^[].*\./.test(name) && isDomain(name) && !PRIVATE.test(name);
}

/** A machine named like a mail exchanger takes the mail of the domain above it; others only their own. */
const guessDomain = (hostname: string): string =>
  /^(?:mx|mail|smtp|mta|email|mailserver|mailhost|postmaster|relay)[-\d]*\.(.*\..*)$/
    .exec(hostname)?.[1] ?? hostname;
