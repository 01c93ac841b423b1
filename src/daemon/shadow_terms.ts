/**
 * What the process of a shadow is told at its start.
 * @module
 */
import { createHash } from "node:crypto";
import { messageOf } from "../base/message_of.ts";
import type { Origin } from "../base/origin.ts";
import { readyMade } from "../../handlers/registry.ts";
import { type Config, type HandlerEntry, moduleOf } from "../config/mod.ts";
import { ModuleLoader } from "../modules/loader.ts";

/** The first frame. */
export interface Terms {
  /** The configuration, as the server has read it. */
  readonly text: string;
  readonly file: string | undefined;
  readonly overrides: Config["overrides"];
  readonly stateDirectory: string;
  /** The names of the live handlers that ask other programs. */
  readonly remote: readonly string[];
  /** The URLs of copies, by the paths of the modules. */
  readonly copies: Readonly<Record<string, string>>;
  /** The originals of all copies. */
  readonly origins: readonly Origin[];
}

/** The candidates of a configuration: those that are tried beside its live handlers, or else its handlers. */
export const candidatesIn = ({ shadow, handlers }: Pick<Config, "shadow" | "handlers">) =>
  shadow ?? handlers;

/** Whether a handler asks another program. */
export const isRemote = ({ name }: HandlerEntry): boolean => readyMade.get(name)?.remote ?? false;

/**
 * Makes copies of the candidates' modules, without running any.
 *
 * @param live the handlers with which they are compared
 */
export async function termsFor(
  config: Config,
  live: readonly HandlerEntry[],
  loader: ModuleLoader,
): Promise<Terms> {
  const copies: Record<string, string> = {};
  for (const module of candidatesIn(config).flatMap((entry) => moduleOf(entry) ?? [])) {
    copies[module] = await loader.stage(module);
  }
  const { text, file, overrides, stateDirectory } = config;
  const remote = live.filter(isRemote).map(({ name }) => name);
  return { text, file, overrides, stateDirectory, remote, copies, origins: loader.origins };
}

/** A text that is another one if handlers have changed: live ones, candidates, or what they import. */
export async function identityOf(config: Config): Promise<string> {
  using loader = new ModuleLoader();
  const digest = createHash("sha256");
  for (const entry of [...config.handlers, ...config.shadow ?? []]) {
    const module = moduleOf(entry);
    const print = module && await loader.fingerprint(module).catch(messageOf);
    digest.update(JSON.stringify([entry.name, entry.source.options ?? null, print]));
  }
  return digest.digest("base64url");
}
