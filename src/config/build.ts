/**
 * Makes of a configuration what a server runs.
 * @module
 */
import { guessesBy } from "../../handlers/guesses.ts";
import { postmaster } from "../../handlers/mod.ts";
import { chain, type Handler } from "../handler/handler.ts";
import type { Target } from "../handler/reply.ts";
import { ModuleFault } from "../modules/fault.ts";
import { ModuleLoader } from "../modules/loader.ts";
import { forbidExit } from "../modules/no_exit.ts";
import type { Sender } from "../relay/sender.ts";
import type { Launch } from "../targets/launch.ts";
import { tellingOfTargets } from "../targets/made.ts";
import type { Targets } from "../targets/target.ts";
import type { Config, HandlerEntry } from "./config.ts";
import { loadHandler } from "./modules.ts";
import { ConfigError, type Problem } from "../base/problem.ts";
import { completion } from "./for_users.ts";
import { site } from "./site.ts";
import { targetsOf } from "./targets.ts";

/** The chain of handlers around the server's core, and the targets that they may name. */
export interface Built extends AsyncDisposable {
  readonly policy: Handler;
  readonly targets: Targets;
  /** The files of the operator's modules, with those that they import, and what tells their versions. */
  readonly modules: ReadonlyMap<string, string>;
}

/** The handlers of a configuration, among which are the operator's modules. */
export type Modules = Pick<Config, "handlers"> & Partial<Pick<Config, "shadow">>;

/** The operator's modules on disk, also those of the shadow. */
export const modulesOf = (
  { handlers, shadow = [] }: Modules,
): string[] => [...handlers, ...shadow].flatMap((entry) => moduleOf(entry) ?? []);

/** The path of an entry's module; `undefined` for what is part of the program. */
export const moduleOf = ({ source }: HandlerEntry): string | undefined =>
  "module" in source && typeof source.module === "string" ? source.module : undefined;

/**
 * Loads the operator's handlers and puts the chain together.
 *
 * @param launch how mailers are started; without it, by this process
 * @param sender what sends mail on by SMTP; without it, mail can only be planned
 * @throws {ConfigError} for handlers that cannot be loaded
 */
export async function build(
  config: Config,
  launch?: Launch,
  sender?: () => Sender,
): Promise<Built> {
  forbidExit();
  using loader = new ModuleLoader();
  await using endings = new AsyncDisposableStack();
  const handlers = await loadHandlers(config, config.handlers, loader, endings);
  const isOwn = launch === undefined && sender === undefined;
  const targets = isOwn ? config.targets : targetsOf(config, launch, sender);
  const built = endings.move();
  return {
    policy: around(config, handlers),
    targets,
    modules: loader.versions,
    [Symbol.asyncDispose]: () => built.disposeAsync(),
  };
}

/**
 * Loads all of the operator's handlers, also those of the shadow, and runs none of them.
 *
 * @throws {ConfigError} for those that cannot be loaded
 */
export async function tryHandlers(config: Config): Promise<void> {
  for (const handlers of [config.handlers, config.shadow ?? []]) {
    await build({ ...config, handlers }); // not ended: that may undo what the live ones have done
  }
}

/**
 * Loads handlers.
 *
 * @param endings frees what they have
 * @throws {ConfigError} for those that cannot be loaded
 */
export async function loadHandlers(
  config: Config,
  entries: readonly HandlerEntry[],
  loader: Pick<ModuleLoader, "load">,
  endings: AsyncDisposableStack,
): Promise<Handler[]> {
  const problems: Problem[] = [];
  const handlers: Handler[] = [];
  for (const entry of entries) {
    const made: Target[] = [];
    try {
      const { handler, end } = await tellingOfTargets(
        (target) => made.push(target),
        () => loadHandler(entry, loader),
      );
      handlers.push(handler);
      endings.defer(end);
      const faults = made.map((target) => config.targets.faultIn(target));
      for (const fault of new Set(faults)) {
        if (fault === undefined) continue;
        problems.push({ ...entry.place, message: `\`${entry.name}\`: ${fault}` });
      }
    } catch (error) {
      if (!(error instanceof ModuleFault)) throw error;
      const { message, excerpt } = error;
      problems.push({ ...entry.place, message: `\`${entry.name}\`: ${message}`, excerpt });
    }
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return handlers;
}

/** The chain of handlers around the server's core, with these as the operator's. */
export function around(config: Config, handlers: readonly Handler[]): Handler {
  const guard = config.auth === undefined ? [] : [guessesBy(config.auth.guesses)];
  const outside = [...guard, postmaster(config), ...completion(config)];
  return chain(...outside, ...handlers, site(config));
}
