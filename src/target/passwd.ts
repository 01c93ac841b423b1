/**
 * The accounts of this machine: passwd(5) and group(5).
 *
 * @module
 */

const PASSWD = "/etc/passwd", GROUP = "/etc/group";

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
  const fields = find(PASSWD, user);
  if (fields === undefined) return undefined;
  const [name = "", , uid, gid, , home = "", shell = ""] = fields;
  return { name, uid: Number(uid), gid: Number(gid), home, shell: shell || "/bin/sh" };
}

/** The id of the group with this name. */
export function findGroup(group: string): number | undefined {
  const fields = find(GROUP, group);
  return fields && Number(fields[2]);
}

/** The fields of the first line that has `key` as its name, or as its id if it is a number. */
function find(file: string, key: string | number): string[] | undefined {
  const text = Deno.readTextFileSync(file);
  const [place, wanted] = typeof key === "string" ? [0, key] : [2, String(key)];
  for (const line of text.split("\n")) {
    const fields = line.split(":");
    if (fields[place] === wanted && /^\d+$/.test(fields[2] ?? "")) return fields;
  }
  return undefined;
}
