/**
 * What comes between a configuration and its handlers, for the start and for `check` alike: all that one of them would
 * find wrong, so does the other.
 *
 * @module
 */
import type { Config } from "../config/mod.ts";
import type { Credentials } from "./credentials.ts";
import { tryMailers } from "./mailers.ts";
import { refuseUnmet } from "./needs.ts";
import { become } from "./privileges.ts";

/**
 * Becomes the server's user, and reads all that the configuration names again as he can.
 *
 * @param made what root makes for him, or has made
 * @throws {ConfigError} for what he may not read or write
 */
export async function becomeUser(
  config: Config,
  credentials: Credentials | undefined,
  made: ReadonlySet<string>,
): Promise<Config> {
  await become(credentials, config);
  const own = credentials === undefined ? config : config.again();
  refuseUnmet(own, made);
  if (credentials === undefined) await tryMailers(own);
  return own;
}
