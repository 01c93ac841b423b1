/**
 * The users of the system.
 * @module
 */
import { type HandlerFactory, pipe } from "postmaster";
import { defineHandler, kinds, MIN_UID, SystemUsers } from "postmaster/making";
import { deferring } from "./in_doubt.ts";
import { usersBy } from "./users.ts";

/** The options of {@linkcode passwd}. */
export interface PasswdOptions {
  /** The lowest user ID that gets mail. */
  readonly minUid?: number;
  /** The program that delivers; by default `mailer`. Placeholders as in `mailer`. */
  readonly command?: readonly string[];
}

/**
 * Accepts recipients whose local part is a user of the system, as it is written or in lower case, and passes on all
 * others. A user is in /etc/passwd or in a source of nsswitch.conf(5), such as an LDAP directory. The domain does not
 * matter: put this handler after {@linkcode localHosts}. While the users cannot be read, unknown recipients are
 * deferred.
 *
 * @example
 * ```ts
 * import { chain } from "postmaster";
 * import { localHosts, passwd } from "postmaster/handlers";
 *
 * export default chain(localHosts(["example.net"]), passwd({ minUid: 1000 }));
 * ```
 */
export const passwd: HandlerFactory<PasswdOptions | undefined> = defineHandler({
  name: "passwd",
  summary: "Accepts the users of the system.",
  options: kinds.options({
    minUid: kinds.count(1).prefault(MIN_UID).describe("The lowest user ID that gets mail."),
    command: kinds.command('[procmail, -d, "{user}"]')
      .transform(kinds.attempt((argv) => pipe(argv))).optional()
      .describe("The program that delivers; by default `mailer`. Placeholders as in `mailer`."),
  }).prefault({}),
  create: ({ minUid, command }) => {
    const users = new SystemUsers(minUid);
    return deferring(users, usersBy(users, command && (() => command)));
  },
  example: "passwd: { min-uid: 1000 }",
  part: "accepts",
});
