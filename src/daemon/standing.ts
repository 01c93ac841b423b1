/**
 * How a server stands to another configuration, and to another version of the program.
 * @module
 */
import { VERSION } from "../base/version.ts";
import { type Config, type Defaults, defaults } from "../config/mod.ts";
import { differing, fixedIn, type Values, writtenIn } from "./fixed.ts";

/** What a server says of itself. It is plain data, which other versions understand. */
export interface Standing {
  readonly version: string;
  readonly defaults: Defaults;
  /** The keys that are written differently in the other configuration. */
  readonly changed: readonly string[];
  /** Those that cannot change while the server runs. */
  readonly fixed: readonly string[];
}

/**
 * How a configuration stands to another one.
 *
 * @param written what is written in the other, by the outermost keys
 * @param fixed what in the other cannot change while a server runs, by {@linkcode fixedIn}
 */
export const standingOf = (config: Config, written: Values, fixed: Values): Standing => ({
  version: VERSION,
  defaults: defaults(),
  changed: differing(writtenIn(config), written),
  fixed: differing(fixedIn(config), fixed),
});
