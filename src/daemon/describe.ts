/**
 * What the process would be, in words.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { messageOf } from "../base/message_of.ts";
import { GROUP, parseAccounts } from "../base/passwd.ts";
import type { Config } from "../config/mod.ts";
import { AS_ROOT, credentialsOf, startedByRoot } from "./credentials.ts";
import { directoriesOf, tryDirectory } from "./directory.ts";
import { runningServer } from "./pid_file.ts";

/** One line a fact, then what is wrong, as far as the one who asks can see. */
export function describeProcess(config: Config): string[] {
  const { pidFile } = config;
  const running = pidFile === undefined ? undefined : runningServer(pidFile);
  const directories = directoriesOf(config);
  return [
    `user: ${whoRuns(config)}`,
    `pid file: ${pidFile ?? "none"}${running === undefined ? "" : ` (of process ${running})`}`,
    ...directories.map(({ key, path }) =>
      `${key.replace("-", " ")}: ${path}${existsSync(path) ? "" : " (will be made)"}`
    ),
    ...troubles(config),
  ];
}

function whoRuns(config: Config): string {
  const credentials = credentialsOf(config);
  if (credentials === undefined) return "the one who starts it";
  const { account, uid, groups } = credentials;
  const names = new Map(
    parseAccounts(Deno.readTextFileSync(GROUP)).entries().map(([name, gid]) => [gid, name]),
  );
  return `${account?.name ?? uid}, with the groups ${
    groups.map((gid) => names.get(gid) ?? gid).join(", ")
  }`;
}

/** Only the server's own user can try its directories. */
function troubles(config: Config): string[] {
  const credentials = credentialsOf(config);
  if (credentials !== undefined && credentials.uid !== Deno.uid()) return [];
  if (startedByRoot() && !config.handlersAsRoot) {
    return [`warning: it would run as root: ${AS_ROOT}`];
  }
  return directoriesOf(config).filter(({ path }) => existsSync(path)).flatMap((directory) => {
    try {
      tryDirectory(directory);
      return [];
    } catch (error) {
      return [`warning: ${messageOf(error)}`];
    }
  });
}
