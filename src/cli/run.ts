/**
 * `postmaster run`: the server, until a signal ends it.
 * @module
 */
import { messageOf } from "../base/message_of.ts";
import { type Config, findConfig, loadConfig, type Overrides } from "../config/mod.ts";
import { serve } from "../daemon/serve.ts";
import { serviceManager } from "../daemon/notify.ts";
import { StartWatch } from "../daemon/start_watch.ts";

/** What the command line may say. */
export interface ServerFlags extends Overrides {
  readonly config?: string;
}

/** The configuration that these flags name, or else the one that is found, with the overrides of the flags. */
export function configOf({ config = findConfig(), ...overrides }: ServerFlags): Config {
  return loadConfig(config, overrides);
}

/** Runs a server and returns when it has stopped. */
export async function run(flags: ServerFlags): Promise<void> {
  using manager = serviceManager();
  using watch = new StartWatch();
  watch.step("the configuration and the files that it names");
  try {
    await serve(configOf(flags), watch, manager, flags);
  } catch (error) {
    await manager.failed(messageOf(error));
    throw error;
  }
}
