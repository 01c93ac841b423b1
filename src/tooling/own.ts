/**
 * The modules of handlers that become part of a program.
 * @module
 */
import { existsSync } from "node:fs";
import { basename, dirname, extname, join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { readyMade } from "../../handlers/registry.ts";
import { messageOf } from "../base/message_of.ts";
import { BuildError } from "./deno.ts";

/** Where the copies of the operator's files stand among those of the program. */
export const OWN = "own";

/** A module of handlers. */
export interface OwnModule {
  /** The name of its handler, for configurations. */
  readonly name: string;
  /** The full path. */
  readonly file: string;
}

/** The modules in these files. Throws a {@linkcode BuildError} if one of them cannot be named. */
export function ownModules(files: readonly string[], directory: string): OwnModule[] {
  const modules = files.map((file) => ({
    name: basename(file, extname(file)),
    file: resolve(directory, file),
  }));
  for (const [i, { name, file }] of modules.entries()) {
    const taken = readyMade.has(name) || modules.slice(0, i).some((one) => one.name === name);
    if (!existsSync(file)) throw new BuildError(`there is no file ${file}`);
    if (taken) throw new BuildError(`there is another handler \`${name}\`: rename ${file}`);
  }
  return modules;
}

/**
 * The source of `src/config/embedded.ts` in a program with these modules.
 *
 * @param specifier what to import a module by
 */
export function embeddedSource(
  modules: readonly OwnModule[],
  specifier: (module: OwnModule) => string,
): string {
  const entries = modules.map((module) =>
    `[${JSON.stringify(module.name)}, () => import(${JSON.stringify(specifier(module))})]`
  );
  return `import { addOrigin } from "../base/origin.ts";
const copy = new URL("../../${OWN}/", import.meta.url).href;
addOrigin({ copy, source: copy, name: "" });
export const embedded = new Map([${entries.join(", ")}]);
`;
}

/** The innermost directory that all of these files are in; `""` if there are none. */
export function commonDirectory(files: readonly string[]): string {
  const [first = "", ...others] = files.map((file) => dirname(file));
  return others.reduce((common, directory) => {
    let shared = common;
    while (relative(shared, directory).startsWith("..")) shared = dirname(shared);
    return shared;
  }, first);
}

/** What the project around a file calls packages and files: by its `package.json` and its `deno.json`. */
export function importsAround(file: string): Readonly<Record<string, string>> {
  const config = nearest("deno.json", dirname(file));
  const { imports = {} } = readJson(config);
  const { dependencies = {} } = readJson(nearest("package.json", dirname(file)));
  return Object.fromEntries([
    ...Object.entries(dependencies).map(([name, version]) => [name, `npm:${name}@${version}`]),
    ...Object.entries(imports).map(([name, at]) => [
      name,
      at.startsWith(".") ? new URL(at, pathToFileURL(config!)).href : at,
    ]),
  ]);
}

/** A file of this name in a directory or in one around it. */
function nearest(name: string, directory: string): string | undefined {
  const file = join(directory, name);
  if (existsSync(file)) return file;
  const above = dirname(directory);
  return above === directory ? undefined : nearest(name, above);
}

/** The parts of a `package.json` or a `deno.json` that matter here. */
interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly imports?: Readonly<Record<string, string>>;
}

function readJson(file: string | undefined): Manifest {
  if (file === undefined) return {};
  try {
    return JSON.parse(Deno.readTextFileSync(file));
  } catch (error) {
    throw new BuildError(`${file}: ${messageOf(error)}`);
  }
}
