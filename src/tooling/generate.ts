/**
 * Writes what the program itself says into the documentation: `deno task generate`.
 * @module
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { printJsonSchema } from "../config/mod.ts";
import { catalogueParts } from "./catalogue.ts";
import { commandsParts } from "./commands.ts";
import { configurationParts } from "./configuration.ts";
import { deno } from "./deno.ts";
import { extensionsParts } from "./extensions.ts";
import { fill, type Parts } from "./page.ts";
import { refusalParts } from "./refusals.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** The pages with generated parts, and what makes the parts. */
const PAGES: Readonly<Record<string, (page: string) => Parts>> = {
  "configuration.md": configurationParts,
  "commands.md": commandsParts,
  "catalogue.md": catalogueParts,
  "extensions.md": extensionsParts,
  "relay.md": refusalParts,
};

/** Writes all pages of `docs/` that have generated parts into a directory, and returns their paths. */
export async function generate(directory: string): Promise<readonly string[]> {
  const files = Object.entries(PAGES).map(([name, partsOf]) => {
    const page = Deno.readTextFileSync(join(ROOT, "docs", name));
    const file = join(directory, name);
    Deno.writeTextFileSync(file, fill(name, page, partsOf(page)));
    return file;
  });
  await deno(["fmt", "--quiet", `--config=${join(ROOT, "deno.json")}`, ...files], ROOT);
  const schema = join(directory, "postmaster.schema.json");
  Deno.writeTextFileSync(schema, printJsonSchema());
  return [...files, schema];
}

if (import.meta.main) {
  const [directory = join(ROOT, "docs")] = Deno.args;
  for (const file of await generate(directory)) console.log(file);
}
