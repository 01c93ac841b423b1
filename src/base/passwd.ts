/**
 * The accounts of this machine: passwd(5), group(5), and those that the C library finds elsewhere.
 * @module
 */
import { getentSync, hasMore } from "./nss.ts";

/** Where the system keeps its users. */
export const PASSWD = "/etc/passwd";
/** Where the system keeps its groups. */
export const GROUP = "/etc/group";

/** The lowest user ID of a person, as distributions give them. */
export const MIN_UID = 1000;
/** The user IDs that stand for no account: `nobody`, and -1 in 16 bits. */
const NOBODY: readonly number[] = [65534, 65535];

/** True for an account of a person, and so for one that has a mailbox. */
export const isPerson = ({ uid }: Pick<Account, "uid">, least: number = MIN_UID): boolean =>
  uid >= least && !NOBODY.includes(uid);

/** The numbers of the users in a `passwd` file, or of the groups in a `group` file, by name. */
export function parseAccounts(text: string): ReadonlyMap<string, number> {
  const accounts = new Map<string, number>();
  for (const line of text.split("\n")) {
    const [name, , id] = line.split(":");
    if (name && id !== undefined && /^\d+$/.test(id)) accounts.set(name, Number(id));
  }
  return accounts;
}

/** A value that changes whenever an account or a group of this machine may have changed. */
export function accountsStamp(): string {
  return [PASSWD, GROUP].map((file) => {
    const { ino, mtime, size } = Deno.statSync(file);
    return `${ino} ${mtime?.getTime()} ${size}`;
  }).join();
}

/** An account. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly shell: string;
}

/** The accounts in lines of passwd(5). */
export function accountsIn(lines: readonly string[]): Account[] {
  return lines.map((line) => line.split(":"))
    .filter(([name, , uid]) => name && /^\d+$/.test(uid ?? ""))
    .map(([name = "", , uid, gid, , home = "", shell = ""]) => (
      { name, uid: Number(uid), gid: Number(gid), home, shell: shell || "/bin/sh" }
    ));
}

/** The account with this name, or with this ID if it is a number. Throws if the system cannot tell. */
export function findAccount(user: string | number): Account | undefined {
  const isIt = ({ name, uid }: Account) => user === name || user === uid;
  return accountsIn(linesOf(PASSWD)).find(isIt) ??
    accountsIn(ask("passwd", `${user}`)).find(isIt);
}

/** The groups of a user at login: the user's own, and those with the user as a member (initgroups(3)). */
export function groupsOf(user: string, gid: number): readonly number[] {
  const groups = linesOf(GROUP).map((line) => line.split(":"))
    .filter(([, , id, members]) => /^\d+$/.test(id ?? "") && members?.split(",").includes(user))
    .map(([, , id]) => Number(id));
  const more = hasMore("group") ? getentSync("initgroups", user) : [];
  const others = more.flatMap((line) => line.split(/\s+/).slice(1)).filter(Boolean).map(Number);
  return [...new Set([gid, ...groups, ...others])];
}

/** The ID of the group with this name. Throws if the system cannot tell. */
export function findGroup(group: string): number | undefined {
  return parseAccounts(Deno.readTextFileSync(GROUP)).get(group) ??
    parseAccounts(ask("group", group).join("\n")).get(group);
}

/** The name of a group, or its ID if it has none in the file of groups. */
export const groupName = (gid: number): string | number =>
  parseAccounts(Deno.readTextFileSync(GROUP)).entries().find(([, id]) => id === gid)?.[0] ?? gid;

const linesOf = (file: string): readonly string[] => Deno.readTextFileSync(file).split("\n");

/** The lines of getent(1), if it is needed. */
const ask = (database: "passwd" | "group", key: string): readonly string[] =>
  hasMore(database) ? getentSync(database, key) : [];

/** The user of this process, for people. */
export function ownUser(): string {
  const own = accountsIn(linesOf(PASSWD)).find(({ uid }) => uid === Deno.uid());
  return `the user ${own?.name ?? Deno.uid()}`;
}
