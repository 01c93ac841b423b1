/**
 * Reads a configuration and finds everything that is wrong with it.
 *
 * @module
 */
import { dirname, resolve } from "node:path";
import { isUserName } from "../../handlers/users.ts";
import { findAccount } from "../base/passwd.ts";
import { messageOf } from "../base/message_of.ts";
import { Checks } from "./checks.ts";
import type { Config } from "./config.ts";
import { readDocument } from "./document.ts";
import { mailerOf } from "./mailer.ts";
import { orderWarnings } from "./order.ts";
import { type Overrides, Written } from "./overrides.ts";
import { ConfigError } from "../base/problem.ts";
import type { Settings } from "./schema.ts";
import { readSettings } from "./settings.ts";

/**
 * Reads a configuration file.
 *
 * @param file without one, everything has its default
 * @param overrides what the command line says
 * @throws {ConfigError} with all that is wrong
 */
export function loadConfig(file: string | undefined, overrides: Overrides = {}): Config {
  if (file === undefined) {
    const defaults = parseConfig(defaultsFor(overrides), "defaults", overrides);
    return { ...defaults, file, again: () => ({ ...defaults.again(), file }) };
  }
  try {
    return parseConfig(Deno.readTextFileSync(file), file, overrides);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
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
 * @throws {ConfigError} with all that is wrong
 */
export function parseConfig(text: string, file: string, overrides: Overrides = {}): Config {
  const document = readDocument(text, file);
  if (document.broken) throw new ConfigError(document.problems);
  const written = new Written(document, overrides);
  const directory = dirname(file);
  const read = readSettings(written, directory);
  const inPlace = (path: string) => resolve(directory, path);

  const checks = new Checks(read, written, inPlace);
  const hostname = checks.hostname();
  const users = checks.users();
  const aliases = checks.aliases(users, hostname);
  const targets = checks.targets();
  const handlers = checks.handlers();
  const stateDirectory = checks.stateDirectory();
  checks.user();
  checks.runAs();
  const problems = [
    ...document.problems,
    ...read.findings.map((finding) => written.problem(finding)),
    ...checks.problems,
  ];
  if (problems.length > 0) throw new ConfigError(problems);
  checks.postmaster(aliases, users && ((local) => users.isUser(local)), hostname);

  const settings = read.settings as Settings; // nothing was wrong, so nothing is missing
  const { domains, listen, relay, deliver, dns, limits, log, user, group } = settings;
  const { tolerate: tolerated } = settings;
  const mailer = mailerOf(settings);
  const pathOf = (path: string | undefined) => path && inPlace(path);
  return {
    file,
    hostname,
    listen,
    domains,
    users: users!,
    delimiter: settings.recipientDelimiter,
    aliases: aliases!,
    mailer,
    relay,
    deliver,
    handlers,
    warnings: orderWarnings(handlers),
    dns,
    stateDirectory,
    limits,
    tolerated,
    user,
    group,
    handlersAsRoot: settings.handlersAsRoot,
    runAs: settings.runAs,
    pidFile: pathOf(settings.pidFile),
    spoolDirectory: pathOf(settings.spoolDirectory),
    log: { ...log, sinks: { ...log.sinks, file: pathOf(log.sinks.file) } },
    targets: targets!,
    problem: (finding) => written.problem(finding),
    again: () => ({ ...parseConfig(text, file, overrides), stateDirectory, mailer }),
  };
}
