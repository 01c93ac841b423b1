/**
 * `postmaster run`: the server, until a signal ends it.
 *
 * @module
 */
import { type Config, loadConfig, type Overrides } from "../config/mod.ts";
import { serve } from "../daemon/serve.ts";

/** What the command line may say. */
export interface Flags extends Overrides {
  readonly config?: string;
}

/** The configuration that these flags name, with what they override. */
export function configOf({ config, ...overrides }: Flags): Config {
  return loadConfig(config, overrides);
}

/** Runs a server and returns when it has stopped. */
export const run = (flags: Flags): Promise<void> => serve(configOf(flags));
