/**
 * `postmaster types`: what editors and `deno check` must know about the API.
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { tried } from "../base/tried.ts";
import deno from "../../deno.json" with { type: "json" };

/** The folders of the API. They are also in a compiled program. */
const FOLDERS = ["src", "handlers"] as const;
/** The folder that is written. The executable may lie beside it, and is called `postmaster`. */
const API = "postmaster-api";
/** The folders of `src` that are further out than the API. */
const OUTSIDE: ReadonlySet<string> = new Set(["tooling", "cli", "config", "modules"]);

/** Writes what an editor needs into the directory of one's modules, and says what it wrote. */
export function types({ output }: { readonly output: string }): void {
  const file = join(output, "deno.json");
  if (existsSync(file)) {
    const missing = missingIn(file, writeApi(output).imports);
    if (Object.keys(missing).length > 0) {
      console.log(`${file} is there already; its imports should have ${JSON.stringify(missing)}`);
    }
  } else writeTypes(output);
  console.log(`the API of Postmaster is in ${join(output, API)}`);
}

/** The imports that a `deno.json` does not have; all if it cannot be read, as with comments in it. */
function missingIn(file: string, imports: ImportMap): ImportMap {
  const written: ImportMap = tried(() => JSON.parse(Deno.readTextFileSync(file)).imports) ?? {};
  return Object.fromEntries(Object.entries(imports).filter(([name, at]) => written[name] !== at));
}

/** Writes the API, and a `deno.json` that says where it is. Returns the path of that. */
export function writeTypes(directory: string): string {
  const settings = writeApi(directory);
  const file = join(directory, "deno.json");
  Deno.writeTextFileSync(file, `${JSON.stringify(settings, undefined, 2)}\n`);
  return file;
}

/** The paths of imports by their names. */
type ImportMap = Readonly<Record<string, string>>;

/** Writes the sources of the API. Returns the settings with which Deno finds them. */
function writeApi(directory: string): { readonly imports: ImportMap } {
  const sources = FOLDERS.flatMap((folder) => {
    const from = fileURLToPath(new URL(`../../${folder}`, import.meta.url));
    return copy(from, join(directory, API, folder));
  });
  const used = Object.entries(deno.imports).filter(([name]) =>
    sources.some((source) => source.includes(` from "${name}"`))
  );
  const imports = used.map(([name, at]) => [name, at.replace(/^\.\//, `./${API}/`)]);
  return { imports: Object.fromEntries(imports), ...SETTINGS };
}

/** Allows only modules that can be loaded without a compiler: their types can be erased. */
const SETTINGS = {
  compilerOptions: { verbatimModuleSyntax: true, erasableSyntaxOnly: true },
  lock: false,
};

/** Copies TypeScript files, and returns what is in them. Nobody checks the copies again, which would take seconds. */
function copy(from: string, to: string): string[] {
  Deno.mkdirSync(to, { recursive: true });
  return [...Deno.readDirSync(from)].flatMap(({ name, isDirectory }) => {
    if (OUTSIDE.has(name)) return [];
    if (isDirectory) return copy(join(from, name), join(to, name));
    if (!name.endsWith(".ts")) return [];
    const source = Deno.readTextFileSync(join(from, name));
    Deno.writeTextFileSync(join(to, name), `// @ts-nocheck: it was checked\n${source}`);
    return [source];
  });
}
