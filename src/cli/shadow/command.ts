/**
 * `shadow` with its subcommands, and `replay`, which does the same with kept sessions, on the command line.
 * @module
 */
import type { Command } from "commander";
import { promote } from "./promote.ts";
import { type WantedFlags, withWanted } from "../explain/command.ts";
import type { ReplayFlags } from "./replay.ts";
import { report, reset } from "./report.ts";

/**
 * Adds the command `shadow`.
 *
 * @param failed called if verdicts differ
 */
export function addShadow(postmaster: Command, failed: () => void): void {
  const shadow = postmaster.command("shadow")
    .summary("compare handlers on trial with the live ones")
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

/**
 * Adds the command `replay`.
 *
 * @param failed called if verdicts differ
 */
export function addReplay(postmaster: Command, failed: () => void): void {
  const command = postmaster.command("replay")
    .summary("see what handlers would have said in the past")
    .description("see what handlers would have said otherwise in the sessions of the kept time")
    .argument(
      "[handlers...]",
      "in the place of the live ones: ./policy-next.ts (default: `handlers.shadow`)",
    );
  withWanted(command)
    .option("--json", "print a JSON object")
    .action(async (candidates: readonly string[], flags: WantedFlags & ReplayFlags) => {
      if (await (await import("./replay.ts")).replay(candidates, flags, flags) > 0) failed();
    });
}
