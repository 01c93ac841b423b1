/**
 * What this machine can tell about itself.
 *
 * @module
 */
import { existsSync, readFileSync } from "node:fs";
import { hostname } from "node:os";
import { env } from "node:process";
import { parseIp } from "../../base/ip.ts";
import { isUserName } from "../../../handlers/users.ts";
import { accountsIn, findAccount, isPerson, PASSWD } from "../../base/passwd.ts";
import type { Finding } from "./finding.ts";
import { installedMailers, type MailerName } from "./mailers.ts";

/** A machine. */
export interface Host {
  /** What it calls itself, the surest first; not all of them are full names. */
  readonly names: readonly Finding<string>[];
  /** The addresses at which the world can reach it. */
  readonly addresses: readonly string[];
  /** Whether this process may do everything. */
  readonly isRoot: boolean;
  /** Who runs this process, `undefined` if no account has its user ID. */
  readonly self: string | undefined;
  /** The accounts of people, the lowest user ID first. */
  readonly people: readonly string[];
  /** Who became root by sudo(8). */
  readonly admin: string | undefined;
  /** An account without rights that a server can have for its own. */
  readonly serviceUser: string | undefined;
  readonly mailers: readonly MailerName[];
  /** Whether systemd runs the machine. */
  readonly systemd: boolean;
}

/** The first that exists. The group of `mail` may read mailboxes; `daemon` is nobody, whom procmail(1) believes. */
const SERVICE_USERS = ["postmaster", "daemon"];

/** Looks around. Whatever cannot be read is not there. */
export function lookAround(): Host {
  const accounts = accountsIn(textOf(PASSWD).split("\n"));
  const people = accounts
    .filter((account) => isPerson(account) && isUserName(account.name))
    .toSorted((a, b) => a.uid - b.uid)
    .map(({ name }) => name);
  const uid = Deno.uid();
  const self = uid === null || accounts.length === 0 ? undefined : findAccount(uid)?.name;
  return {
    names: namesOf(hostname(), textOf("/etc/hostname"), textOf("/etc/hosts")),
    addresses: publicAddresses(),
    isRoot: uid === 0,
    self: self !== undefined && isUserName(self) ? self : undefined,
    people,
    admin: people.find((name) => name === env["SUDO_USER"]),
    serviceUser: SERVICE_USERS.find((name) => accounts.some((one) => one.name === name)),
    mailers: installedMailers(),
    systemd: existsSync("/run/systemd/system"),
  };
}

/** The names in the places where `hostname -f` finds them: the kernel, the files hostname(5) and hosts(5). */
export function namesOf(kernel: string, file: string, hosts: string): Finding<string>[] {
  const own = kernel.toLowerCase();
  const lines = hosts.split("\n").map((line) =>
    line.replace(/#.*/, "").trim().split(/\s+/).slice(1)
  );
  const known = lines.filter((names) => names.some((name) => name.toLowerCase() === own)).flat();
  return [
    { value: kernel, why: "the system's host name" },
    { value: file.trim(), why: "the name in /etc/hostname" },
    ...known.map((value) => ({ value, why: `the name of \`${kernel}\` in /etc/hosts` })),
  ].filter(({ value }) => value !== "");
}

function publicAddresses(): string[] {
  const all = Deno.networkInterfaces().map(({ address }) => address);
  return [...new Set(all)].filter((address) => parseIp(address)?.range() === "unicast");
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
