/**
 * What the process of a shadow is told at its start.
 * @module
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Origin } from "../base/origin.ts";
import { type Config, moduleOf } from "../config/mod.ts";
import type { ModuleLoader } from "../modules/loader.ts";

/** The first frame. */
export interface Terms {
  /** The configuration, as the server has read it. */
  readonly text: string;
  readonly file: string | undefined;
  readonly overrides: Config["source"]["overrides"];
  readonly stateDirectory: string;
  /** The URLs of copies, by the paths of the modules. */
  readonly copies: Readonly<Record<string, string>>;
  /** The originals of all copies. */
  readonly origins: readonly Origin[];
}

/** Makes copies of the candidates' modules, without running any. */
export async function termsFor(config: Config, loader: ModuleLoader): Promise<Terms> {
  const copies: Record<string, string> = {};
  for (const module of (config.shadow ?? []).flatMap((entry) => moduleOf(entry) ?? [])) {
    copies[module] = await loader.stage(module);
  }
  const { file, stateDirectory, source } = config;
  return { ...source, file, stateDirectory, copies, origins: loader.origins };
}

/** A text that is another one if handlers have changed: live ones, candidates, or what they import. */
export async function identityOf(config: Config, loader: ModuleLoader): Promise<string> {
  for (const module of config.handlers.flatMap((entry) => moduleOf(entry) ?? [])) {
    await loader.stage(module);
  }
  const digest = createHash("sha256");
  for (const { name, source: { options } } of [...config.handlers, ...config.shadow ?? []]) {
    digest.update(JSON.stringify([name, options ?? null]));
  }
  for (const { source } of loader.origins) digest.update(readFileSync(new URL(source)));
  return digest.digest("base64url");
}
