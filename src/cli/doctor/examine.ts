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
import { credentialsOf, startedByRoot } from "../../daemon/credentials.ts";
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
  const places = tried(() => loadPlaces(file));
  const credentials = credentialsOf(read.settings);
  const isOther = credentials !== undefined && credentials.uid !== Deno.uid();
  if (!isOther || !startedByRoot()) {
    const unmet = isOther || read.config === undefined ? [] : unmetBy(read.config, new Set());
    return new Installation(read, wishes, { places, unmet, isOther });
  }
  const { config } = read;
  const made = config && madeByRoot(config, credentials);
  await become(credentials, { handlers: config?.handlers ?? [] });
  const examined = config === undefined ? read : again(read, config);
  const unmet = examined.config === undefined ? [] : unmetBy(examined.config, made!);
  return new Installation(examined, wishes, { places, unmet, isOther });
}

/** The same configuration, with the files that it names as this user can read them. */
function again(examined: ExaminedConfig, config: Config): ExaminedConfig {
  try {
    return { ...examined, config: config.again() };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { ...examined, config: undefined, problems: error.problems };
  }
}

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
