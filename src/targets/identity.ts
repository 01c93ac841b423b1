/**
 * The user and the group that a mailer runs as, and its environment.
 * @module
 */
import { type Account, accountsStamp, findAccount, findGroup } from "../base/passwd.ts";

/** A user and a group by their numbers. */
export interface Ids {
  readonly uid: number;
  readonly gid: number;
}

/** Who a process runs as. */
export interface Identity extends Ids {
  /** `undefined` for a bare number that no account has. */
  readonly account: Account | undefined;
}

const ownIds = (): Ids => ({ uid: Deno.uid() ?? 0, gid: Deno.gid() ?? 0 });

/** Whether these are the user and the group of this process. */
export function isOwn({ uid, gid }: Ids): boolean {
  const own = ownIds();
  return uid === own.uid && gid === own.gid;
}

/**
 * Finds a user and a group by name or number: by default the user `self`, and the user's group.
 *
 * @param self the user and the group of the process that asks: without `group`, this user keeps this group
 * @throws {Error} for names that this machine does not know
 */
export function findIdentity(
  user?: string | number,
  group?: string | number,
  self: Ids = ownIds(),
): Identity {
  const account = findAccount(user ?? self.uid);
  const uid = account?.uid ?? user ?? self.uid;
  if (typeof uid === "string") throw new Error(`there is no user ${uid}`);
  const gid = typeof group === "string"
    ? findGroup(group)
    : group ?? (uid === self.uid ? self.gid : account?.gid);
  if (gid === undefined) {
    throw new Error(
      group === undefined ? `user ${uid} has no group` : `there is no group ${group}`,
    );
  }
  return { account, uid, gid };
}

/** Keeps identities, so that the accounts are read again only after they have changed. */
export class Identities {
  readonly #known = new Map<string, Identity>();
  #stamp = "";

  /** As {@linkcode findIdentity}. */
  find(user: string | number | undefined, group: string | number | undefined): Identity {
    const stamp = accountsStamp();
    if (stamp !== this.#stamp) this.#known.clear();
    this.#stamp = stamp;
    const key = JSON.stringify([user, group]);
    const identity = this.#known.get(key) ?? findIdentity(user, group);
    this.#known.set(key, identity);
    return identity;
  }
}

/** Where programs without a slash in their name are looked for. */
export const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Where a program is looked for. */
export const placesOf = (program: string): readonly string[] =>
  program.includes("/") ? [program] : PATH.split(":").map((directory) => `${directory}/${program}`);

/** The whole environment of a mailer: nothing of the message, and only two variables of the server. */
export function environmentOf({ account }: Identity): Record<string, string> {
  const environment: Record<string, string> = { PATH };
  for (const name of ["TZ", "LANG"]) {
    const value = Deno.env.get(name);
    if (value !== undefined) environment[name] = value;
  }
  return { ...environment, ...variablesOf(account) };
}

/** What login(1) says of an account in the environment. */
export function variablesOf(account: Account | undefined): Record<string, string> {
  if (account === undefined) return {};
  const { name, home, shell } = account;
  return { HOME: home, USER: name, LOGNAME: name, SHELL: shell };
}
