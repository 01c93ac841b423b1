/**
 * What comes between a configuration and its handlers. The start and `check` both come here, so that both find the same
 * mistakes.
 * @module
 */
import type { Config } from "../config/mod.ts";
import type { Credentials } from "./credentials.ts";
import { tryMailers } from "./mailers.ts";
import { refuseUnmet } from "./needs.ts";
import { become } from "./privileges.ts";

/**
 * Becomes the server's user, and reads all that the configuration names again as this user.
 *
 * @param made what root makes for this user, or has made
 * @throws {ConfigError} for what this user may not read or write
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
