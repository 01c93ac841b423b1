/**
 * Reads a configuration and finds everything that is wrong with it.
 * @module
 */
import { hostname as systemHostname } from "node:os";
import { isUserName } from "../../handlers/users.ts";
import { findAccount } from "../base/passwd.ts";
import { messageOf } from "../base/message_of.ts";
import { ConfigError, type Problem } from "../base/problem.ts";
import { checkSettings } from "./check.ts";
import type { Config } from "./config.ts";
import { controlSocket } from "./control.ts";
import { sessionsDirectory } from "./kept_sessions.ts";
import type { Overrides } from "./overrides.ts";
import { queueDirectory } from "./queue.ts";
import type { Settings } from "./schema.ts";
import { readSettings } from "./settings.ts";
import { withForwarding } from "./with_forwarding.ts";
import { foundStateDirectory } from "./state_directory.ts";

/**
 * Reads a configuration file.
 *
 * @param file without one, everything has its default
 * @param overrides what the command line says
 * @throws {ConfigError} with all that is wrong
 */
export const loadConfig = (file: string | undefined, overrides: Overrides = {}): Config =>
  parseConfig(textNow(file, overrides), file, overrides);

const textNow = (file: string | undefined, overrides: Overrides): string =>
  file === undefined ? defaultsFor(overrides) : textOf(file);

/**
 * Reads the settings of a configuration file, and nothing that they name.
 *
 * @throws {ConfigError} with all that is wrong
 */
export function loadSettings(file: string): Settings {
  const { settings, problems } = readSettings(textOf(file), file, {});
  if (problems.length > 0) throw new ConfigError(problems);
  const { stateDirectory = foundStateDirectory() } = settings;
  return withForwarding(settings as Settings, stateDirectory); // nothing was wrong or is missing
}

/** What can be read of a configuration in which something may be wrong. */
export interface ExaminedConfig {
  /** The settings in which nothing is wrong by themselves. */
  readonly settings: Partial<Settings>;
  /** `undefined` if there are problems. */
  readonly config: Config | undefined;
  readonly problems: readonly Problem[];
  readonly hostname: string;
  readonly stateDirectory: string;
}

/**
 * Reads a configuration as far as that can be done.
 *
 * @param file without one, everything has its default
 * @throws {ConfigError} for what is no YAML
 */
export function examineConfig(file: string | undefined): ExaminedConfig {
  const text = file === undefined ? defaultsFor({}) : textOf(file);
  const { settings } = readSettings(text, file ?? "defaults", {});
  const { hostname = systemHostname(), stateDirectory = foundStateDirectory() } = settings;
  const examined = { settings, hostname, stateDirectory };
  try {
    const config = parseConfig(text, file);
    return { ...examined, stateDirectory: config.stateDirectory, config, problems: [] };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { ...examined, config: undefined, problems: error.problems };
  }
}

/** Where a server keeps its queue, and where it is reached. */
export interface Places {
  /** `undefined` for a server without a queue. */
  readonly queue: Config["queue"];
  /** The full path of the control socket. */
  readonly socket: string;
  readonly stateDirectory: string;
  /** The directory with what is kept of sessions; `undefined` if nothing is. */
  readonly sessions: string | undefined;
}

/**
 * The places that a configuration names. Mistakes in other settings, and files that this user may not read, do not
 * matter.
 *
 * @param file without one, everything has its default
 * @throws {ConfigError} with all that is wrong with these settings
 */
export function loadPlaces(file: string | undefined): Places {
  const text = file === undefined ? "{}" : textOf(file);
  const { settings, wrong, problems } = readSettings(text, file ?? "defaults", {});
  const keys = ["queue", "control", "stateDirectory", "explain"] as const;
  if (keys.some((key) => wrong.has(key))) throw new ConfigError(problems);
  const { queue, control = {}, stateDirectory = foundStateDirectory(), explain } = settings;
  return {
    queue: queue && { ...queue, directory: queueDirectory(queue, stateDirectory) },
    socket: controlSocket(control, stateDirectory),
    stateDirectory,
    sessions: explain && sessionsDirectory(stateDirectory),
  };
}

function textOf(file: string): string {
  try {
    return Deno.readTextFileSync(file);
  } catch (error) {
    const message = error instanceof Deno.errors.NotFound
      ? "there is no such file: create it, or name another with --config"
      : `cannot read this file: ${messageOf(error)}`;
    throw new ConfigError([{ file: file || "--config", message }]);
  }
}

/** What holds without a configuration: the user who runs the server reads the mail for postmaster. */
function defaultsFor({ user = findAccount(Deno.uid() ?? -1)?.name ?? "" }: Overrides): string {
  const reader = isUserName(user) ? user : "postmaster";
  return JSON.stringify({ users: [reader], postmaster: reader });
}

/**
 * Reads a configuration.
 *
 * @param file its name; paths in it are relative to the directory of the file
 * @param kept what was found out before this process became another user
 * @throws {ConfigError} with all that is wrong
 */
export function parseConfig(
  text: string,
  file: string | undefined,
  overrides: Overrides = {},
  kept?: Pick<Config, "stateDirectory">,
): Config {
  const read = (text: string) => parseConfig(text, file, overrides, { stateDirectory });
  const again = () => ({ ...read(text), mailer, queue, control });
  const anew = () => {
    const config = read(textNow(file, overrides));
    const its = config.queue && queue && { ...config.queue, directory: queue.directory };
    return { ...config, mailer, control, queue: its ?? config.queue };
  };
  const settings = readSettings(text, file ?? "defaults", overrides);
  const config = checkSettings(settings, file, { text, overrides, again, anew }, kept);
  const { stateDirectory, mailer, queue, control } = config;
  return config;
}
