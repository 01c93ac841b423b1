/**
 * The accounts of this machine: passwd(5) and group(5).
 *
 * @module
 */

/** Where the system keeps its users. */
export const PASSWD = "/etc/passwd";
/** Where the system keeps its groups. */
export const GROUP = "/etc/group";

/** Name → number, of the users in a `passwd` file or the groups in a `group` file. */
export function parseAccounts(text: string): ReadonlyMap<string, number> {
  const accounts = new Map<string, number>();
  for (const line of text.split("\n")) {
    const [name, , id] = line.split(":");
    if (name && id !== undefined && /^\d+$/.test(id)) accounts.set(name, Number(id));
  }
  return accounts;
}

/** Changes whenever an account or a group of this machine may have. */
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

/** The account with this name, or with this id if it is a number. */
export function findAccount(user: string | number): Account | undefined {
  const [place, wanted] = typeof user === "string" ? [0, user] : [2, String(user)];
  const fields = Deno.readTextFileSync(PASSWD).split("\n").map((line) => line.split(":"))
    .find((fields) => fields[place] === wanted && /^\d+$/.test(fields[2] ?? ""));
  if (fields === undefined) return undefined;
  const [name = "", , uid, gid, , home = "", shell = ""] = fields;
  return { name, uid: Number(uid), gid: Number(gid), home, shell: shell || "/bin/sh" };
}

/** The groups that a user has at login: his own, and those of which he is a member (initgroups(3)). */
export function groupsOf(user: string, gid: number): readonly number[] {
  const groups = Deno.readTextFileSync(GROUP).split("\n").map((line) => line.split(":"))
    .filter(([, , id, members]) => /^\d+$/.test(id ?? "") && members?.split(",").includes(user))
    .map(([, , id]) => Number(id));
  return [...new Set([gid, ...groups])];
}

/** The id of the group with this name. */
export const findGroup = (group: string): number | undefined =>
  parseAccounts(Deno.readTextFileSync(GROUP)).get(group);

/** Who this process is, for people. */
export const ownUser = (): string => `the user ${findAccount(Deno.uid() ?? 0)?.name ?? Deno.uid()}`;
