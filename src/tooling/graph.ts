/**
 * What a program consists of, as Deno itself finds out.
 * @module
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { BuildError, deno } from "./deno.ts";

/** The files and packages that a program runs. */
export interface Graph {
  /** Full paths of files. */
  readonly files: readonly string[];
  /** Versions of npm packages by their names. */
  readonly packages: Readonly<Record<string, string>>;
}

/** The parts of what `deno info --json` says that matter here. */
interface Info {
  readonly modules: readonly {
    readonly specifier: string;
    readonly error?: string;
    /** The package that it is in: `zod@4.6.7`. */
    readonly npmPackage?: string;
  }[];
}

/** Finds out what a program runs. Throws a {@linkcode BuildError} if something in it is missing. */
export async function graphOf(entries: readonly string[], directory: string): Promise<Graph> {
  const all = join(directory, "all.ts");
  Deno.writeTextFileSync(all, entries.map((entry) => `import "./${entry}";`).join("\n"));
  const { modules }: Info = JSON.parse(await deno(["info", "--json", "--no-lock", all], directory));
  Deno.removeSync(all);
  const broken = modules.find(({ error }) => error !== undefined);
  if (broken !== undefined) throw new BuildError(`${broken.specifier}: ${broken.error}`);
  const packages: Record<string, string> = {};
  for (const { npmPackage = "" } of modules) {
    const [, name, version] = /^(@?[^@]+)@([^_]+)/.exec(npmPackage) ?? [];
    if (name === undefined || version === undefined) continue;
    const other = packages[name] ??= version;
    if (other !== version) throw new BuildError(`two versions of ${name}: ${other} and ${version}`);
  }
  const files = modules.map(({ specifier }) => specifier)
    .filter((specifier) => specifier.startsWith("file:"))
    .map((specifier) => fileURLToPath(specifier));
  return { files: files.filter((file) => file !== all), packages };
}
