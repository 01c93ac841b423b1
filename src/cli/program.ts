/**
 * The command line: its commands, their flags and what they exit with.
 *
 * @module
 */
import { Command, CommanderError, Help, Option } from "commander";
import { ConfigError } from "../config/mod.ts";
import { oneOf, suggest } from "../base/nearest.ts";
import { runLauncher } from "../daemon/launcher.ts";
import { LEVELS } from "../log/event.ts";
import { check } from "./check.ts";
import { VERSION } from "./version.ts";
import { type Flags, run } from "./run.ts";

/** Exit codes. */
export const EXIT = { ok: 0, failed: 1, usage: 2 } as const;

/** Runs the program with these arguments and returns its exit code. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    if (args[0] === "launcher") { // for the server only, so no help speaks of it
      await runLauncher();
      return EXIT.ok;
    }
    const postmaster = program();
    refuseUnknown(postmaster, args[0]);
    await postmaster.parseAsync([...args], { from: "user" });
    return EXIT.ok;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    complain(error, args.includes("--debug"));
    return EXIT.failed;
  }
}

/** Without this, a misspelt command would be taken for an argument of `run`. */
function refuseUnknown(postmaster: Command, name: string | undefined): void {
  const names = postmaster.commands.map((command) => command.name());
  if (name === undefined || name.startsWith("-") || names.includes(name)) return;
  postmaster.error(`error: unknown command '${name}': ${suggest(name, names, oneOf(names))}`);
}

function program(): Command {
  const visibleOptions = (command: Command) => new Help().visibleOptions(command);
  const postmaster: Command = new Command("postmaster")
    .description("A mail server you can program.")
    .version(VERSION, "-V, --version", "print the version")
    .helpCommand(false)
    .exitOverride()
    .configureHelp({
      showGlobalOptions: true,
      visibleOptions: (command) => [
        ...visibleOptions(command),
        ...command === postmaster ? runCommand.options : [],
      ],
    })
    .showHelpAfterError("(`--help` shows what there is)");
  const runCommand: Command = postmaster.command("run", { isDefault: true })
    .description("run the server (what `postmaster` does without a command)");
  const checkCommand = postmaster.command("check")
    .description("check the configuration and the handlers, and say what the server would do");
  withFlags(runCommand).action((flags: Flags) => run(flags));
  withFlags(checkCommand).action((flags: Flags) => check(flags));
  return postmaster;
}

function withFlags(command: Command): Command {
  return command
    .exitOverride()
    .allowExcessArguments(false)
    .option("-c, --config <file>", "the configuration file")
    .option(
      "-l, --listen <address...>",
      "listen here instead: 127.0.0.1:2525, [::1]:25, *:25, unix:/path",
    )
    .option(
      "--handlers <module...>",
      "use these handlers instead: module paths or names, outermost first",
    )
    .option("--hostname <name>", "the server's own name")
    .addOption(new Option("--log-level <level>", "the least level that is logged").choices(LEVELS))
    .option("--debug", "show where in the program an error came from");
}

/** One readable line for each problem. */
function complain(error: unknown, debug: boolean): void {
  const message = error instanceof Error ? error.message : String(error);
  const prefix = error instanceof ConfigError ? "" : "postmaster: ";
  console.error(debug && error instanceof Error ? error.stack : prefix + message);
}
