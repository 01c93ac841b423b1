/**
 * What a module imports.
 * @module
 */
import { type DynamicImport, parse, type StaticImport } from "es-module-lexer/js";
import { dirname } from "node:path";
import { pathToFileURL } from "node:url";
import { tried } from "../base/tried.ts";

/** An import in the code of a module. */
export interface ModuleImport {
  /** As it is written: `./users.ts`. */
  readonly specifier: string;
  /** Where the specifier begins in the code, with its quotes. */
  readonly offset: number;
  /** `import(…)`, whose failure the module may handle itself. */
  readonly dynamic: boolean;
  /** Imported `with { type: "json" }`. */
  readonly isJson: boolean;
}

/**
 * Rewrites the imports and `import.meta` of JavaScript so that it can run in another place. Lines stay as they are, and
 * so do columns that come before an import. Code that cannot be parsed is not changed: running it says what is wrong.
 *
 * @param file the file with the code
 * @param target returns what to import instead
 */
export async function relink(
  code: string,
  file: string,
  target: (found: ModuleImport) => Promise<string>,
): Promise<string> {
  let result = code;
  let usesMeta = false;
  // From the last to the first, so that the offsets of those before stay right.
  for (const found of (tried(() => parse(code)[0]) ?? []).toReversed()) {
    const { start, end } = found;
    let by: string | undefined;
    if (found.type === "import-meta") {
      usesMeta = true;
      by = META.padEnd(end - start);
    } else by = await relinked(found, target);
    if (by !== undefined) result = result.slice(0, start) + by + result.slice(end);
  }
  return usesMeta ? `${result}\n${metaOf(file)}\n` : result;
}

/** Where a module in JavaScript or TypeScript has its default export; `undefined` if there is none. */
export const offsetOfDefault = (source: string): number | undefined =>
  tried(() => parse(source)[1])?.find((one) => "name" in one && one.name === "default")?.start;

/** The new text of an import. Only for `import(…)` the range has the quotes in it. */
async function relinked(
  found: StaticImport | DynamicImport,
  target: (found: ModuleImport) => Promise<string>,
): Promise<string | undefined> {
  if (found.type !== "dynamic") {
    const { specifier, start, attributes } = found;
    const isJson = attributes?.some(([key, value]) => key === "type" && value === "json") ?? false;
    return await target({ specifier, offset: start - 1, dynamic: false, isJson });
  }
  const { specifier, start: offset, glob } = found;
  if (specifier === undefined || glob) return undefined;
  return JSON.stringify(await target({ specifier, offset, dynamic: true, isJson: false }));
}

/** As long as `import.meta`. */
const META = "meta$here()";

/** A function, because functions exist before a module begins to run. */
function metaOf(file: string): string {
  const url = pathToFileURL(file).href;
  const own = JSON.stringify({ url, filename: file, dirname: dirname(file) });
  const resolve = `(name) => new URL(name, ${JSON.stringify(url)}).href`;
  return `function meta$here() { return Object.assign(import.meta, ${own}, { resolve: ${resolve} }); }`;
}
