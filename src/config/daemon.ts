/**
 * The part of the schema that is about the process: who it runs as, and the files that it needs.
 *
 * @module
 */
import { z } from "zod";
import { attempt, location, options } from "../base/kinds.ts";
import { messageOf } from "../base/message_of.ts";
import { GROUP, PASSWD } from "../base/passwd.ts";
import { findIds, type Ids } from "../targets/identity.ts";
import { account } from "./accounts.ts";

/** A user, and his group if it is not his own. */
export interface RunAs {
  readonly user: string | number;
  readonly group?: string | number | undefined;
}

const RUN_AS = "a user such as `vmail`, or `{user: vmail, group: mail}`";
const runAs: z.ZodType<RunAs> = z.union([
  account(PASSWD).transform((user) => ({ user })),
  options({
    user: account(PASSWD).describe("The user.").meta({ examples: ["vmail"] }),
    group: account(GROUP).optional().describe("The group, if it is not his own.")
      .meta({ examples: ["mail"] }),
  }),
], { error: RUN_AS }).superRefine(attempt(refuseRoot));

/** Root's programs are for the configuration to name, not for a handler. */
function refuseRoot({ user, group }: RunAs): void {
  const { uid, gid } = idsOf(user, group);
  if (uid === 0 || gid === 0) {
    throw new TypeError("no handler's program may run as root: make it that of `mailer`");
  }
}

/** The ids of a user and a group. Throws a TypeError if they cannot be told. */
export function idsOf(user: string | number, group: string | number | undefined): Ids {
  try {
    return findIds(user, group);
  } catch (error) {
    throw new TypeError(`${messageOf(error)}: set \`group\``);
  }
}

/** Keys of the configuration. */
export const daemonKeys = {
  user: account(PASSWD).optional().describe(
    "Started by root, the server becomes this user once it listens, before it loads any handler of yours. Started " +
      "by anybody else, it must be this user already.",
  ).meta({ examples: ["postmaster"] }),
  group: account(GROUP).optional().describe(
    "The group that goes with `user`, by default his own. His other groups are those that the system gives him.",
  ).meta({ examples: ["postmaster"] }),
  handlersAsRoot: z.boolean().default(false).describe(
    "Whether handlers of your own may run as root. If not, a server that root starts and that has no `user` does not " +
      "load them, nor start.",
  ).meta({ examples: [true] }),
  runAs: z.array(runAs, { error: `a list, each item ${RUN_AS}` }).prefault([]).describe(
    'Whom programs of handlers, `pipe([...], { user: "vmail" })`, may run as once the server is no longer root. ' +
      "Root is not allowed. The program of `mailer` needs no entry.",
  ).meta({ examples: [["vmail", { user: "list", group: "mail" }]] }),
  pidFile: location.optional().describe(
    "Where the process id is kept while the server runs. A server does not start while another one has the file; one " +
      "that a dead server left is replaced. Its directory is made, for the server's user, if it is missing; the one " +
      "above that must be there.",
  ).meta({ examples: ["/run/postmaster/postmaster.pid"] }),
  spoolDirectory: location.optional().describe(
    "Where messages of more than 256 KiB are kept until they are delivered, in files without a name, which are gone " +
      "when the server is; by default the directory of the system for temporary files. It is made, for the server's " +
      "user alone, if it is missing; the one above it must be there. A server that cannot write there does " +
      "not start.",
  ).meta({ examples: ["/var/spool/postmaster"] }),
};
