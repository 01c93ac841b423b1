/**
 * The drop directory of a server of this process.
 * @module
 */
import { dirname } from "node:path";
import { ownUser } from "../base/passwd.ts";
import { tried } from "../base/tried.ts";
import type { Config } from "../config/mod.ts";
import { domainOf } from "../config/for_users.ts";
import { DropDirectory } from "../drop/drop_directory.ts";
import type { Log } from "../log/event.ts";
import { DEFAULT_REPORTS } from "../queue/report/report.ts";
import type { Server } from "../server/server.ts";
import { ancestors, DROP_MODE } from "./directory.ts";

/**
 * Why the server cannot use a drop directory that is there, or others can do in it what they may not.
 */
export function faultOfDrop(path: string): string | undefined {
  const found = tried(() => Deno.statSync(path));
  if (found === undefined) return undefined; // it will be made
  const { uid, mode } = found;
  if (uid !== Deno.uid()) {
    return `${path} must be ${ownUser()}'s, and its owner has the user ID ${uid}: chown it, or name another`;
  }
  if ((mode! & 0o7777) !== DROP_MODE) {
    return `${path} has the permissions ${octal(mode!)}, and must have ${
      octal(DROP_MODE)
    }, so that ` +
      `everybody can put files into it and see none: chmod ${octal(DROP_MODE)} ${path}`;
  }
  const closed = ancestors(dirname(path)).find((directory) =>
    ((tried(() => Deno.statSync(directory))?.mode ?? 0o1) & 0o001) === 0
  );
  return closed &&
    `not everybody may enter ${closed}, above ${path}: chmod o+x ${closed}, or name another`;
}

const octal = (mode: number): string => (mode & 0o7777).toString(8);

/** Milliseconds for which mail that is deferred stays, for a server without a queue: five days. */
const LIFETIME = 5 * 24 * 60 * 60_000;

/**
 * Begins to take the mail that programs of this machine leave, if the configuration says so.
 *
 * @param config the one in force
 */
export function openDrop(
  config: () => Config,
  server: Server,
  log: Log,
): DropDirectory | undefined {
  if (config().drop === undefined) return undefined;
  return new DropDirectory(() => {
    const { drop, queue, hostname } = config();
    const { directory, trustedUsers: trusted, ...quota } = drop!; // a reload leaves the directory as it is
    return {
      ...{ directory, trusted, quota, hostname, log, domain: domainOf(config()) },
      open: (user) => server.local(user),
      reports: queue?.bounces ?? DEFAULT_REPORTS,
      lifetime: queue?.lifetime ?? LIFETIME,
    };
  });
}
