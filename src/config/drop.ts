/**
 * The part of the schema that is about mail which programs of this machine leave in the drop directory.
 * @module
 */
import { z } from "zod";
import { count, list, location, options, size } from "../base/kinds.ts";
import { PASSWD } from "../base/passwd.ts";
import { DROP_DIRECTORY } from "../drop/draft.ts";
import { account } from "./accounts.ts";
import { rate } from "./rate.ts";

/** What a configuration says of the drop directory. */
export const dropSchema = options({
  directory: location.default(DROP_DIRECTORY).describe(
    "Where `sendmail` leaves mail, whether the server runs or not. The server's user owns it, and " +
      "everybody may put files into it and see none (mode 1733). Root makes it at the start, for the " +
      "server's user; the directory above it must exist, and all users must be able to enter it.",
  ).meta({ examples: ["/srv/mail/drop"] }),
  trustedUsers: z.union([
    z.literal("everyone"),
    list(account(PASSWD), "`everyone`, or a list of users such as [www-data]"),
  ], { error: "`everyone`, or a list of users such as [www-data]" }).default("everyone").describe(
    "Who may say with `sendmail -f` who the sender of a message is. For mail of others it is the " +
      "user, whatever they say. Root and the server's user always may.",
  ).meta({ examples: [["www-data", "list"]] }),
  files: count(1).default(10_000).describe(
    "How many messages of one user may wait to be taken; further ones are returned to the user.",
  ),
  size: size(1024).prefault("1 GiB").describe(
    "How many octets of one user may wait to be taken, likewise.",
  ),
  rate: rate.optional().describe(
    "How many messages of one user are taken in which time; further ones wait.",
  ).meta({ examples: ["1000/h"] }),
});
