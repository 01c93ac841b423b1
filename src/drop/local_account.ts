/**
 * The users of this machine who hand over mail.
 * @module
 */
import { getent, hasMore } from "../base/nss.ts";
import { accountsIn, PASSWD } from "../base/passwd.ts";
import type { LocalUser } from "../handler/session.ts";

/**
 * The user with this ID. One without an account, such as that of a container, has a name that tells the ID.
 *
 * @throws {Error} if a directory that has users cannot be asked
 */
export async function localUser(uid: number): Promise<LocalUser> {
  const find = (lines: readonly string[]) => accountsIn(lines).find((one) => one.uid === uid);
  const found = find((await Deno.readTextFile(PASSWD)).split("\n")) ??
    (hasMore("passwd") ? find(await getent("passwd", `${uid}`)) : undefined);
  return { name: found?.name ?? `uid-${uid}`, uid };
}
