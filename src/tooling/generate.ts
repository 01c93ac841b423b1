/**
 * Writes the documentation that is made from the program itself: `deno task generate`.
 *
 * @module
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { printJsonSchema } from "../config/mod.ts";
import { commandsPage } from "./commands_page.ts";
import { configurationPage } from "./configuration_page.ts";
import { deno } from "./deno.ts";
import { readParts } from "./page.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** What a page says to those who would change it. */
const note = (name: string): string =>
  `<!-- Written by deno task generate: change src/tooling/pages/${name}, or what the page is about. -->`;

/** Writes all that is generated into a directory, and returns the names of the files. */
export async function generate(directory: string): Promise<readonly string[]> {
  const pages = {
    "configuration.md": configurationPage(readParts("configuration.md")),
    "commands.md": commandsPage(readParts("commands.md")),
  };
  const write = (name: string, text: string) => {
    const file = join(directory, name);
    Deno.writeTextFileSync(file, text);
    return file;
  };
  const files = Object.entries(pages).map(([name, text]) =>
    write(name, `${note(name)}\n\n${text}\n`)
  );
  await deno(["fmt", "--quiet", `--config=${join(ROOT, "deno.json")}`, ...files], ROOT);
  write("postmaster.schema.json", printJsonSchema());
  return [...Object.keys(pages), "postmaster.schema.json"];
}

if (import.meta.main) {
  const [directory = join(ROOT, "docs")] = Deno.args;
  for (const name of await generate(directory)) console.log(join(directory, name));
}
