/**
 * The packages that modules from disk can import.
 * @module
 */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { tried } from "../base/tried.ts";

/** True in a program that `deno compile` made, which cannot fetch packages. */
const COMPILED = Deno.build.standalone;

/** The nearest `node_modules` around a directory. */
export function nodeModulesFor(directory: string): string | undefined {
  const found = join(directory, "node_modules");
  if (existsSync(found)) return found;
  const above = dirname(directory);
  return above === directory ? undefined : nodeModulesFor(above);
}

/** True if a module can import this specifier, which is no path: a package, or a module of the platform. */
export function isPackage(specifier: string, importer: string): boolean {
  if (/^(node|data|blob):/.test(specifier)) return true;
  if (/^(npm|jsr|https?):/.test(specifier)) return !COMPILED || isInstalled(specifier, importer);
  return isResolvable(specifier) || (COMPILED && isInstalled(specifier, importer));
}

/** What to do about a package that cannot be imported. */
export function packageHint(specifier: string): string {
  return COMPILED
    ? "a compiled server has only the packages that were compiled into it, and those in a node_modules beside " +
      "the module; embed the module with `deno task compile --handlers`"
    : `a package is written npm:${specifier}, a file ./${specifier}`;
}

const isResolvable = (specifier: string): boolean =>
  tried(() => import.meta.resolve(specifier)) !== undefined;

/** True if the `node_modules` nearest to a module has a package. */
function isInstalled(specifier: string, importer: string): boolean {
  const [, name] = /^(?:npm:)?\/?((?:@[^/]+\/)?[^/@]+)/.exec(specifier) ?? [];
  const folder = nodeModulesFor(dirname(importer));
  return name !== undefined && folder !== undefined && existsSync(join(folder, name));
}
