/**
 * Lays out a program before it is compiled: in a directory of its own, so that nothing of where it comes from
 * ends up in it, and nothing that it does not need.
 * @module
 */
import { copyFileSync, mkdirSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import manifest from "../../deno.json" with { type: "json" };
import { deno } from "./deno.ts";
import { graphOf } from "./graph.ts";
import { commonDirectory, embeddedSource, importsAround, OWN, type OwnModule } from "./own.ts";
import { installPackages } from "./packages.ts";

/** Files and folders of the program, by their paths in the repository. */
const PROGRAM = ["main.ts", "LICENSE", "src", "handlers", "deno.lock"] as const;
/** The folder that is no part of the program. */
const BUILD = "src/tooling";
const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** The file that begins the program. */
export const ENTRY = "main.ts";
/** What must be compiled in besides what the program imports: the API's sources, for `types`, and the licences. */
export const INCLUDED = ["src", "handlers", "LICENSE"] as const;
/** Files that a Worker begins with. No import leads to one, so that it must be compiled in by its name. */
const WORKER = /^(.*_)?worker\.ts$/;

/** Fills an empty directory with a program that has these modules of handlers in it. */
export async function layOut(directory: string, modules: readonly OwnModule[]): Promise<void> {
  for (const path of PROGRAM) copy(path, directory);
  const around = Object.assign({}, ...modules.map(({ file }) => importsAround(file)));
  const imports: Imports = { ...around, ...manifest.imports };

  // First with the operator's modules where they are, so that what is wrong is said of where they are.
  writeJson(directory, "deno.json", { ...SETTINGS, imports });
  if (modules.length > 0) {
    writeEmbedded(directory, modules, ({ file }) => pathToFileURL(file).href);
    const files = modules.map(({ file }) => file);
    await deno(["check", "--quiet", "--no-lock", "--config=deno.json", ...files], directory);
  }
  const { files, packages } = await graphOf([ENTRY, ...workersIn(directory)], directory);

  const own = files.filter((file) => relative(directory, file).startsWith(".."));
  const common = commonDirectory(own);
  const copied = (file: string) => join(OWN, relative(common, file));
  for (const file of own) copyFile(file, join(directory, copied(file)));
  if (modules.length > 0) {
    writeEmbedded(directory, modules, ({ file }) => `../../${copied(file)}`);
  }
  const used = Object.entries(imports).flatMap(([name, target]) => {
    if (target.startsWith("file:")) {
      const slash = target.endsWith("/") ? "/" : "";
      return [[name, `./${copied(fileURLToPath(target))}${slash}`]];
    }
    return isUsed(target, packages) ? [[name, target]] : [];
  });
  const settings = { ...SETTINGS, imports: Object.fromEntries(used), nodeModulesDir: "manual" };
  writeJson(directory, "deno.json", settings);
  addLicences(directory, await installPackages(directory, packages));
}

type Imports = Readonly<Record<string, string>>;

/** The settings that a compiled program has as well. */
const SETTINGS = { version: manifest.version, unstable: manifest.unstable };

/** True for what is no npm package, and for the npm packages that are used. */
function isUsed(target: string, packages: Imports): boolean {
  return !target.startsWith("npm:") ||
    Object.keys(packages).some((name) =>
      target === `npm:${name}` || target.startsWith(`npm:${name}@`)
    );
}

/** The files that Workers begin with, by their paths in the directory. */
export function workersIn(directory: string, folder = "src"): string[] {
  return [...Deno.readDirSync(join(directory, folder))].flatMap(({ name, isDirectory }) => {
    const path = `${folder}/${name}`;
    if (isDirectory) return workersIn(directory, path);
    return WORKER.test(name) ? [path] : [];
  });
}

function writeEmbedded(
  directory: string,
  modules: readonly OwnModule[],
  specifier: (module: OwnModule) => string,
): void {
  const file = join(directory, "src/config/embedded.ts");
  Deno.writeTextFileSync(file, embeddedSource(modules, specifier));
}

function addLicences(directory: string, licences: string): void {
  const runtime = Deno.readTextFileSync(new URL("runtime_licences.txt", import.meta.url));
  Deno.writeTextFileSync(join(directory, "LICENSE"), `\n${licences}${runtime}`, { append: true });
}

function writeJson(directory: string, name: string, content: unknown): void {
  Deno.writeTextFileSync(join(directory, name), JSON.stringify(content));
}

/** Copies a file or a folder of the repository. */
function copy(path: string, directory: string): void {
  const from = join(ROOT, path);
  if (path === BUILD) return;
  if (!Deno.statSync(from).isDirectory) return copyFile(from, join(directory, path));
  for (const { name } of Deno.readDirSync(from)) copy(`${path}/${name}`, directory);
}

function copyFile(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
}
