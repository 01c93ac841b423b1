/**
 * The npm packages of a program.
 * @module
 */
import { join } from "node:path";
import { deno } from "./deno.ts";

/**
 * Installs packages in a directory, without what no program needs.
 *
 * @param packages their names and versions
 * @returns the licences of the packages
 */
export async function installPackages(directory: string, packages: Versions): Promise<string> {
  const wanted = join(directory, "package.json");
  Deno.writeTextFileSync(wanted, JSON.stringify({ dependencies: packages }));
  await deno(["install"], directory);
  // A program that has such a file looks for others above where it is called, and ends if it may not read one.
  Deno.removeSync(wanted);
  const folder = join(directory, "node_modules");
  const licences = packagesIn(folder).flatMap((path) => {
    const manifest: Manifest = JSON.parse(Deno.readTextFileSync(join(path, "package.json")));
    if (hasCode(manifest)) return [licenceOf(path, manifest)];
    Deno.removeSync(path, { recursive: true });
    return [];
  });
  prune(folder);
  return licences.toSorted().join("");
}

/** Versions by the names of packages. */
type Versions = Readonly<Record<string, string>>;

/** The parts of a `package.json` that matter here. */
interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
  readonly main?: string;
  readonly module?: string;
  readonly exports?: unknown;
  readonly types?: string;
}

/** False for packages of nothing but types. */
const hasCode = ({ main, module, exports, types }: Manifest): boolean =>
  types === undefined || Boolean(main || module || exports);

/** The folders of packages; around each is a `node_modules` of its own. */
function packagesIn(folder: string): string[] {
  if (/[/\\]node_modules[/\\](@[^/\\]+[/\\])?[^.@/\\][^/\\]*$/.test(folder)) return [folder];
  return [...Deno.readDirSync(folder)]
    .filter(({ isDirectory }) => isDirectory)
    .flatMap(({ name }) => packagesIn(join(folder, name)));
}

function licenceOf(folder: string, { name, version, license }: Manifest): string {
  const texts = [...Deno.readDirSync(folder)]
    .filter((entry) => entry.isFile && LICENCE.test(entry.name))
    .map((entry) =>
      Deno.readTextFileSync(join(folder, entry.name)).trim().replaceAll("\r\n", "\n")
    );
  return `${RULE}\n${name} ${version} (${license ?? "see its package"})\n\n${
    texts.join("\n\n")
  }\n\n`;
}

const RULE = "-".repeat(80);
const LICENCE = /^(licen[cs]e|copying|notice)/i;
/** Code and its data: not its types, documents, shortened copies, or what it was made of. */
const NEEDED = /(?<!\.min)\.(?:[cm]?js|json|wasm|node)$/i;

function prune(folder: string): void {
  for (const { name, isDirectory, isFile } of Deno.readDirSync(folder)) {
    const path = join(folder, name);
    const isNeedless = isFile ? !NEEDED.test(name) : /^\.(?!deno$)/.test(name);
    if (isNeedless) Deno.removeSync(path, { recursive: true });
    else if (isDirectory) prune(path);
  }
}
