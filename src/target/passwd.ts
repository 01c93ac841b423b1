/**
 * The accounts of this machine: passwd(5) and group(5).
 *
 * @module
 */

/** An account. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly shell: string;
}

/** The account with this name, or with this id if it is a number. */
export async function findAccount(user: string | number): Promise<Account | undefined> {
  const fields = await find("/etc/passwd", user);
  if (fields === undefined) return undefined;
  const [name = "", , uid, gid, , home = "", shell = ""] = fields;
  return { name, uid: Number(uid), gid: Number(gid), home, shell: shell || "/bin/sh" };
}

/** The id of the group with this name. */
export async function findGroup(group: string): Promise<number | undefined> {
  const fields = await find("/etc/group", group);
  return fields && Number(fields[2]);
}

/** The fields of the first line that has `key` as its name, or as its id if it is a number. */
async function find(file: string, key: string | number): Promise<string[] | undefined> {
  const text = await Deno.readTextFile(file);
  const [place, wanted] = typeof key === "string" ? [0, key] : [2, String(key)];
  for (const line of text.split("\n")) {
    const fields = line.split(":");
    if (fields[place] === wanted && /^\d+$/.test(fields[2] ?? "")) return fields;
  }
  return undefined;
}
