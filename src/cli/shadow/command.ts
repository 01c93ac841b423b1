/**
 * `shadow` and its subcommands on the command line.
 * @module
 */
import type { Command } from "commander";
import { promote } from "./promote.ts";
import { report, reset } from "./report.ts";

/**
 * Adds the command `shadow`.
 *
 * @param failed called if verdicts differ
 */
export function addShadow(postmaster: Command, failed: () => void): void {
  const shadow = postmaster.command("shadow")
    .summary("see what handlers that are tried would have said")
    .description("see what the handlers that are tried on live traffic would have said")
    .helpCommand(false);
  const command = (name: string, description: string) =>
    shadow.command(name)
      .description(description)
      .allowExcessArguments(false)
      .option("-c, --config <file>", "the configuration file")
      .option("--debug", "show where in the program an error came from");
  command("report", "show where the shadow would have said something else, with examples")
    .option("--json", "print a JSON object")
    .action((flags) => {
      if (report(flags) > 0) failed();
    });
  command("reset", "forget what was found, also while the server runs").action(reset);
  command("promote", "let the shadow take the place of the live handlers in the configuration")
    .option("--write", "change the configuration file instead of printing the change")
    .action(promote);
}
