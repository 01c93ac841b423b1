/**
 * The part of the schema that is about the process: who it runs as, and the files that it needs.
 *
 * @module
 */
import { z } from "zod";
import { path } from "../base/kinds.ts";
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
  z.strictObject({ user: account(PASSWD), group: account(GROUP).optional() }),
], { error: RUN_AS });

/** Keys of the configuration. */
export const daemonKeys = {
  user: account(PASSWD).optional().describe(
    "Started by root, the server becomes this user once it listens, before it loads any handler of yours.",
  ),
  group: account(GROUP).optional()
    .describe("The group that goes with `user`; by default the user's own."),
  "handlers-as-root": z.boolean().default(false)
    .describe("Whether handlers of your own may run as root."),
  "run-as": z.array(runAs, { error: `a list, each item ${RUN_AS}` }).prefault([]).describe(
    "Whom programs of handlers may run as once the server is no longer root: users, or `{user: vmail, group: mail}`.",
  ),
  "pid-file": path.optional()
    .describe("Where the process id is kept while the server runs. Two servers cannot share one."),
  "spool-directory": path.optional().describe(
    "Where messages are kept that are too large for memory, until they are delivered; by default the " +
      "directory of the system for temporary files. Made if it is missing.",
  ),
};
