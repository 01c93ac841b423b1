/**
 * Reads the installation that is looked at, as the server's user: what only root could read, the server cannot use.
 * @module
 */
import { tried } from "../../base/tried.ts";
import {
  type Config,
  ConfigError,
  examineConfig,
  type ExaminedConfig,
  loadPlaces,
  type Problem,
} from "../../config/mod.ts";
import { type Credentials, credentialsOf, startedByRoot } from "../../daemon/credentials.ts";
import { madeByRoot, refuseUnmet } from "../../daemon/needs.ts";
import { become } from "../../daemon/privileges.ts";
import { Installation, type Wishes } from "./installation.ts";

/**
 * Reads it. If root asks, this process becomes the user of the configuration for good.
 *
 * @throws {ConfigError} for a configuration that cannot be read at all
 */
export async function examine(file: string | undefined, wishes: Wishes): Promise<Installation> {
  const read = examineConfig(file);
  const credentials = credentialsOf(read.settings);
  const isOther = credentials !== undefined && credentials.uid !== Deno.uid();
  const made = read.config ? madeByRoot(read.config, rootsHeir(credentials)) : new Set<string>();
  let examined: ExaminedConfig = read;
  if (isOther && startedByRoot()) {
    await become(credentials, { handlers: read.config?.handlers ?? [] });
    examined = examineConfig(file);
  }
  const isServer = !isOther || credentials.uid === Deno.uid();
  return new Installation(examined, wishes, {
    ...{ isOther, places: tried(() => loadPlaces(file)) },
    unmet: examined.config && isServer ? unmetBy(examined.config, made) : [],
  });
}

/** The user for whom root makes what is missing. */
const rootsHeir = (credentials: Credentials | undefined): Credentials | undefined =>
  startedByRoot() ? credentials : undefined;

/** What the server could not do. */
function unmetBy(config: Config, made: ReadonlySet<string>): readonly Problem[] {
  try {
    refuseUnmet(config, made);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems;
  }
}
