/**
 * `deno task release`: an executable for every system, and their checksums.
 * @module
 */
import { Command, Option } from "commander";
import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import manifest from "../../deno.json" with { type: "json" };
import { CALLED_IN, describe, runBuild, withProgram } from "./compile.ts";
import { BuildError } from "./deno.ts";
import { makeExecutable } from "./executable.ts";
import { type Target, TARGET_NAMES } from "./targets.ts";

/** As `sha256sum -c` reads it. */
const CHECKSUMS = "SHA256SUMS";

/** Makes as many executables as possible. Throws a {@linkcode BuildError} if that are not all. */
async function release(
  directory: string,
  targets: readonly Target[],
  output: string,
): Promise<void> {
  mkdirSync(output, { recursive: true });
  const failed: string[] = [];
  const sums: string[] = [];
  for (const target of targets) {
    const name = fileName(target);
    const file = join(output, name);
    try {
      await makeExecutable(directory, target, file);
      sums.push(`${sha256(file)}  ${name}\n`);
      console.log(describe(file));
    } catch (error) {
      if (!(error instanceof BuildError)) throw error;
      failed.push(`${name}: ${error.message}`);
    }
  }
  Deno.writeTextFileSync(join(output, CHECKSUMS), sums.join(""));
  if (failed.length > 0) throw new BuildError(`not all were made\n${failed.join("\n")}`);
}

const sha256 = (file: string): string =>
  createHash("sha256").update(Deno.readFileSync(file)).digest("hex");

/** `postmaster-0.1.0-x86_64-unknown-linux-gnu`. */
const fileName = (target: Target): string =>
  `postmaster-${manifest.version}-${target}${target.includes("windows") ? ".exe" : ""}`;

interface Flags {
  readonly target: readonly Target[];
  readonly output: string;
}

if (import.meta.main) {
  await runBuild(
    new Command("release")
      .description("Makes executables for all systems, as far as their runtimes can be had.")
      .addOption(
        new Option("--target <name...>", "only these").choices(TARGET_NAMES).default(TARGET_NAMES),
      )
      .option("-o, --output <directory>", "where to put them", "release")
      .action(async ({ target, output }: Flags) => {
        const folder = resolve(CALLED_IN, output);
        await withProgram([], (directory) => release(directory, target, folder));
      }),
  );
}
