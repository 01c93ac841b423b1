/**
 * The part of the schema that is about the process: who it runs as, and the files that it needs.
 * @module
 */
import { z } from "zod";
import { attempt, location, options } from "../base/kinds.ts";
import { messageOf } from "../base/message_of.ts";
import { GROUP, PASSWD } from "../base/passwd.ts";
import { findIdentity, type Ids } from "../targets/identity.ts";
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
    group: account(GROUP).optional().describe("The group, if it is not the user's own.")
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
    return findIdentity(user, group);
  } catch (error) {
    throw new TypeError(`${messageOf(error)}: set \`group\``);
  }
}

/** Keys of the configuration. */
export const daemonKeys = {
  user: account(PASSWD).optional().describe(
    "The user that the server becomes if root starts it, after it listens and before it loads " +
      "your handlers. If another user starts the server, it must be this user.",
  ).meta({ examples: ["postmaster"] }),
  group: account(GROUP).optional().describe(
    "The group of the server's process, by default that of `user`. The system's other groups of " +
      "the user are added.",
  ).meta({ examples: ["postmaster"] }),
  handlersAsRoot: z.boolean().default(false).describe(
    "Whether your own handlers may run as root. If not, a server that root starts without `user` " +
      "does not start with such handlers.",
  ).meta({ examples: [true] }),
  runAs: z.array(runAs, { error: `a list, each item ${RUN_AS}` }).prefault([]).describe(
    'The users that programs of handlers, `pipe([...], { user: "vmail" })`, may run as once the ' +
      "server is no longer root. Root is not allowed. The program of `mailer` needs no entry.",
  ).meta({ examples: [["vmail", { user: "list", group: "mail" }]] }),
  watch: z.boolean().default(false).describe(
    "Whether the server reloads, as `postmaster reload` does, when the configuration or a module of " +
      "handlers changes.",
  ).meta({ examples: [true] }),
  pidFile: location.optional().describe(
    "The file with the process id while the server runs. A server does not start while another " +
      "server has the file; it replaces the file of a dead server. The server creates a missing " +
      "directory for its user; the directory above it must exist.",
  ).meta({ examples: ["/run/postmaster/postmaster.pid"] }),
  spoolDirectory: location.optional().describe(
    "The directory for messages of more than 256 KiB during delivery, in files without a name, " +
      "which vanish with the server. The default is the system's directory for temporary files. The " +
      "server creates a missing directory, only for its user; the directory above it must exist. A " +
      "server that cannot write there does not start. Where that directory is in memory, as `/tmp` on " +
      "Debian 13, name one on a disk.",
  ).meta({ examples: ["/var/spool/postmaster"] }),
};
