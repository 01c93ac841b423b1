/**
 * `deno task package`: packages for Debian and its relatives.
 * @module
 */
import { Command, Option } from "commander";
import { join, resolve } from "node:path";
import manifest from "../../../deno.json" with { type: "json" };
import { CALLED_IN, describe, runBuild, withProgram } from "../compile.ts";
import { BuildError } from "../deno.ts";
import { makeExecutable } from "../executable.ts";
import { type Target, targetOf } from "../targets.ts";
import {
  CONFIGURATION,
  contents,
  EXECUTABLE,
  maintainerScripts,
  MTA_LINKS,
  mtaScripts,
} from "./contents.ts";
import { ARCHITECTURES, control, controlOfMta } from "./control.ts";
import { packDeb } from "./deb.ts";
import { glibcFor } from "./glibc.ts";

/** What packages are made of. */
export interface Parts {
  /** A compiled program. */
  readonly executable: Uint8Array;
  readonly licences: string;
  readonly version: string;
  readonly maintainer: string;
}

/**
 * Makes the packages in a directory: the program, and its names as the system's `sendmail`.
 *
 * @returns their paths
 * @throws {BuildError} if the executable is for no system with packages, or dpkg-deb refuses them
 */
export async function makePackages(parts: Parts, output: string): Promise<[string, string]> {
  const { executable, licences, version, maintainer } = parts;
  const architecture = ARCHITECTURES[targetOf(executable)!];
  if (architecture === undefined) throw new BuildError("the executable is for no Linux with glibc");
  const about = { version, maintainer };
  const program = await packDeb({
    name: `postmaster_${version}_${architecture}`,
    control: (size) => control({ ...about, architecture, glibc: glibcFor(executable), size }),
    files: new Map([
      [EXECUTABLE, executable],
      ["usr/share/doc/postmaster/copyright", licences],
      ...contents(),
    ]),
    directories: [CONFIGURATION],
    scripts: maintainerScripts(),
  }, output);
  const mta = await packDeb({
    name: `postmaster-mta_${version}_all`,
    control: (size) => controlOfMta({ ...about, size }),
    links: MTA_LINKS,
    scripts: mtaScripts(),
  }, output);
  return [program, mta];
}

interface Flags {
  readonly handlers?: readonly string[];
  readonly target: Target;
  readonly executable?: string;
  readonly packageVersion: string;
  readonly maintainer: string;
  readonly output: string;
}

/** Compiles a program, or takes the one that is there, and makes packages of it. */
async function run(flags: Flags): Promise<void> {
  const { handlers = [], target, packageVersion: version, maintainer } = flags;
  await withProgram(handlers, async (directory) => {
    const executable = resolve(CALLED_IN, flags.executable ?? join(directory, "postmaster"));
    if (flags.executable === undefined) await makeExecutable(directory, target, executable);
    const files = await makePackages({
      executable: Deno.readFileSync(executable),
      licences: Deno.readTextFileSync(join(directory, "LICENSE")),
      version,
      maintainer,
    }, resolve(CALLED_IN, flags.output));
    for (const file of files) console.log(describe(file));
  });
}

if (import.meta.main) {
  await runBuild(
    new Command("package")
      .description("Makes Debian packages of Postmaster and your handlers.")
      .option("--handlers <module...>", "compile these modules of handlers in, outermost first")
      .addOption(
        new Option("--target <name>", "the system that it is for")
          .choices(Object.keys(ARCHITECTURES)).default(Deno.build.target),
      )
      .option("--executable <file>", "pack this program, which `deno task compile` has made")
      .option("--package-version <version>", "their version", manifest.version)
      .option("--maintainer <address>", "who answers for them", "Postmaster <postmaster@localhost>")
      .option("-o, --output <directory>", "where to put them", ".")
      .action(run),
  );
}
