/**
 * The users of the system.
 *
 * @module
 */
import { type Handler, kinds, MIN_UID, named, pipe } from "postmaster";
import { z } from "zod";
import { deferring } from "./in_doubt.ts";
import { SystemUsers, usersBy } from "./users.ts";

const system = z.strictObject({
  "min-uid": kinds.count(1).prefault(MIN_UID).describe("The lowest user ID that gets mail."),
  command: kinds.command('[procmail, -d, "{user}"]')
    .transform(kinds.attempt((argv) => pipe(argv))).optional()
    .describe("The program that delivers; by default `mailer`. Placeholders as in `mailer`."),
}).prefault({});

/** The options of {@linkcode passwd}. */
export type PasswdOptions = z.input<typeof system>;

/** The options of {@linkcode passwd} in a configuration. */
export const passwdOptions: z.ZodType<z.output<typeof system>, PasswdOptions> = system;

/**
 * Accepts recipients whose local part is a user of the system, to the letter or in lower case, and passes others on.
 * A user is in /etc/passwd, or where nsswitch.conf(5) leads, such as an LDAP directory. The domain does not matter: put
 * this handler behind {@linkcode localHosts}. While the users cannot be read, recipients whom nobody knows are deferred.
 *
 * @example
 * ```ts
 * import { chain } from "postmaster";
 * import { localHosts, passwd } from "postmaster/handlers";
 *
 * export default chain(localHosts(["example.net"]), passwd({ "min-uid": 1000 }));
 * ```
 */
export function passwd(options: PasswdOptions = {}): Handler {
  const { "min-uid": least, command } = system.parse(options);
  const users = new SystemUsers(least);
  return named("passwd", deferring(users, usersBy(users, command && (() => command))));
}
