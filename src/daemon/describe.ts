/**
 * What `check` says of the process.
 * @module
 */
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { groupName } from "../base/passwd.ts";
import type { Config } from "../config/mod.ts";
import { printListen } from "../net/address.ts";
import { acmeStoreOf } from "./acme.ts";
import { describeControl } from "./control_socket.ts";
import { AS_ROOT, credentialsOf, startedByRoot } from "./credentials.ts";
import { grantsOf } from "./grants.ts";
import { runningServer } from "./pid_file.ts";

/** One line for each fact, then warnings. */
export function describeProcess(config: Config): string[] {
  const { pidFile } = config;
  const running = pidFile === undefined ? undefined : runningServer(pidFile);
  const { stateDirectory, spoolDirectory = tmpdir() } = config;
  return [
    `user: ${whoRuns(config)}`,
    ...others(config),
    `pid file: ${pidFile ?? "none"}${running === undefined ? "" : ` (of process ${running})`}`,
    `state directory: ${stateDirectory}${willBeMade(stateDirectory)}`,
    ...config.queue === undefined ? [] : describeControl(config),
    `spool directory: ${spoolDirectory}${willBeMade(spoolDirectory)}`,
    ...asRoot(config),
  ];
}

/**
 * What `check` says of certificates by ACME: nothing if there are none.
 *
 * @param portFault why the server could not listen for the authority
 */
export function describeAcme(config: Config, portFault: string | undefined): string[] {
  const { acme } = config.tls ?? {};
  if (acme === undefined) return [];
  const { pidFile, hostname } = config;
  const { domains = [hostname], directory, challenge } = acme;
  const isRunning = pidFile !== undefined && runningServer(pidFile) !== undefined;
  const method = "listen" in challenge
    ? `HTTP-01 on ${printListen(challenge.listen)}`
    : `DNS-01 by ${challenge.dnsHook[0]}`;
  const certificate = acmeStoreOf(config)?.readPair()?.certificate;
  const until = certificate === undefined ? "none yet" : `until ${certificate.validTo}`;
  return [
    `acme: ${domains.join(", ")} from ${directory} (${method}); certificate: ${until}`,
    ...portFault === undefined || isRunning ? [] : [`warning: acme: ${portFault}`],
  ];
}

const willBeMade = (path: string): string => existsSync(path) ? "" : " (will be made)";

function whoRuns(config: Config): string {
  const credentials = credentialsOf(config);
  if (credentials === undefined) return "the one who starts it";
  const { account, uid, groups } = credentials;
  return `${account?.name ?? uid}, with the groups ${groups.map(groupName).join(", ")}`;
}

/** The other users that its programs run as. */
function others(config: Config): string[] {
  const credentials = credentialsOf(config);
  const grants = credentials === undefined ? [] : grantsOf(config, credentials);
  if (grants.length === 0) return [];
  const list = grants.map(({ user, group, template }) =>
    `${template === undefined ? "any program" : "the mailer"} as ${user}${
      group === undefined ? "" : ` with the group ${group}`
    }`
  );
  return [`launcher: ${list.join(", ")}`];
}

function asRoot(config: Config): string[] {
  const isRoot = startedByRoot() && credentialsOf(config) === undefined;
  return isRoot && !config.handlersAsRoot ? [`warning: it would run as root: ${AS_ROOT}`] : [];
}
