/**
 * The part of the schema that is about the process: who it runs as, and the files that it needs.
 *
 * @module
 */
import { z } from "zod";
import { options, path } from "../base/kinds.ts";
import { GROUP, PASSWD } from "../base/passwd.ts";
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
], { error: RUN_AS });

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
  pidFile: path.optional().describe(
    "Where the process id is kept while the server runs. A server does not start while another one has the file; one " +
      "that a dead server left is replaced. Its directory is made, for the server's user, if it is missing; the one " +
      "above that must be there.",
  ).meta({ examples: ["/run/postmaster/postmaster.pid"] }),
  spoolDirectory: path.optional().describe(
    "Where messages of more than 256 KiB are kept until they are delivered, in files without a name, which are gone " +
      "when the server is; by default the directory of the system for temporary files. It is made, for the server's " +
      "user alone, if it is missing; the one above it must be there. A server that cannot write there does " +
      "not start.",
  ).meta({ examples: ["/var/spool/postmaster"] }),
};
