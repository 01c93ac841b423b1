/**
 * `sendmail` and `install-sendmail` on the command line.
 * @module
 */
import type { Command } from "commander";
import { findConfig, loadSettings, USUAL } from "../../config/mod.ts";
import { install, type InstallOptions, remove } from "./install.ts";

interface Flags {
  readonly dir: string;
  readonly config?: string;
  readonly force?: boolean;
  readonly remove?: boolean;
}

/** Adds the commands. The first is here for its help: `main.ts` runs it without all that is loaded here. */
export function addSendmail(postmaster: Command): void {
  postmaster.command("sendmail")
    .summary("hand over mail, as scripts call it")
    .description(
      "hand over mail, with the options that scripts know; also show the queue (-bp) and speak SMTP (-bs)",
    )
    .allowUnknownOption()
    .argument("[argument...]", "options of sendmail, and recipients");
  postmaster.command("install-sendmail")
    .summary("make the names by which programs call sendmail")
    .description("make the names by which programs call sendmail: sendmail, mailq and newaliases")
    .allowExcessArguments(false)
    .option("--dir <directory>", "where sendmail is to be", "/usr/sbin")
    .option("--force", "move away what is there of other programs")
    .option("--remove", "remove the names, and bring back what was there before")
    .option("-c, --config <file>", "the configuration file")
    .option("--debug", "show where in the program an error came from")
    .action((flags: Flags) => {
      const { dir } = flags;
      const lines = flags.remove ? remove({ dir }) : install(optionsOf(flags));
      for (const line of lines) console.log(line);
    });
}

function optionsOf({ dir, force = false, config = findConfig() }: Flags): InstallOptions {
  return { dir, force, drop: dropOf(config), config: config === USUAL ? undefined : config };
}

/** The drop directory of the configuration. */
function dropOf(config: string | undefined): string {
  const { drop } = config === undefined ? {} : loadSettings(config);
  if (drop === undefined) {
    throw new Error(
      `${
        config ?? "there is no configuration: it"
      } has no \`drop\`, so the server takes no mail of ` +
        "`sendmail`: add `drop: {}`",
    );
  }
  return drop.directory;
}
