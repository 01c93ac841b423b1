/**
 * `postmaster check`: whether the server would start, and what it would do.
 * @module
 */
import { existsSync } from "node:fs";
import {
  type Config,
  ConfigError,
  describe,
  describeKeys,
  modulesOf,
  tryHandlers,
} from "../config/mod.ts";
import { faultOfChallengePort } from "../daemon/acme.ts";
import { credentialsToTake } from "../daemon/credentials.ts";
import { describeAcme, describeProcess } from "../daemon/describe.ts";
import { madeByRoot } from "../daemon/needs.ts";
import { becomeUser } from "../daemon/ready.ts";
import { CachingResolver } from "../dns/caching_resolver.ts";
import { isTypeScript } from "../modules/typescript.ts";
import { Table, variablesFile } from "../store/table.ts";
import { against } from "./check_against.ts";
import { configOf, type ServerFlags } from "./run.ts";
import { typeCheck } from "./type_check.ts";

/** What the command line may say. */
export interface CheckFlags extends ServerFlags {
  /** A control socket or a configuration; `true` for the server of this configuration. */
  readonly against?: string | true;
}

/**
 * Prints what a server with this configuration would do. Throws if it would not start. Root becomes the server's user
 * before it loads handlers.
 */
export async function check({ against: place, ...flags }: CheckFlags): Promise<void> {
  const read = configOf(flags);
  const credentials = credentialsToTake(read);
  const portFault = await faultOfChallengePort(read); // asked before the permission for port 80 is gone
  const config = await becomeUser(read, credentials, madeByRoot(read, credentials));
  await tryHandlers(config);
  const file = variablesFile(config.stateDirectory);
  if (existsSync(file)) new Table(file).close();
  const types = await checkTypes(config);
  const process = describeProcess(config);
  const acme = describeAcme(config, portFault);
  const keys = await describeKeys(config, new CachingResolver(config.dns));
  const changes = place === undefined ? [] : await against(config, place);
  for (const line of [...describe(config), ...keys, ...acme, ...process, ...types, ...changes]) {
    console.log(line);
  }
}

/** What is to be said about the types in the operator's modules. Throws a {@linkcode ConfigError} for mistakes. */
export async function checkTypes(config: Config): Promise<string[]> {
  const modules = modulesOf(config).filter(isTypeScript);
  if (modules.length === 0) return [];
  const checked = await typeCheck(modules);
  if ("unchecked" in checked) return [`types: not checked: ${checked.unchecked}`];
  if (checked.problems.length > 0) throw new ConfigError(checked.problems);
  return ["types: checked"];
}
