/**
 * The command line: its commands, their flags and what they exit with.
 * @module
 */
import { Command, CommanderError, Help, Option } from "commander";
import { ConfigError, printJsonSchema } from "../config/mod.ts";
import { messageOf } from "../base/message_of.ts";
import { oneOf, suggest } from "../base/nearest.ts";
import { runLauncher } from "../daemon/launcher.ts";
import { SHADOW_PROCESS } from "../daemon/shadow_child.ts";
import { marking } from "../log/journal.ts";
import { LEVELS } from "../log/levels.ts";
import type { Mailbox } from "../smtp/mailbox.ts";
import { TranscriptError } from "../testing/transcript.ts";
import { each } from "./argument.ts";
import { addCert } from "./cert_command.ts";
import { check, type CheckFlags } from "./check.ts";
import { parseAddress, parseHelo, parseSender, withClient } from "./client_flags.ts";
import { addDoctor } from "./doctor/command.ts";
import { addDkim } from "./dkim/command.ts";
import { addExamine } from "./examine/command.ts";
import { addExplain } from "./explain/command.ts";
import { addImport } from "./import/command.ts";
import { addInit } from "./init.ts";
import { addQueue } from "./queue/command.ts";
import { addProbe } from "./probe/command.ts";
import { addReports } from "./reports/command.ts";
import type { DeskFlags } from "./queue/open.ts";
import { addTrace } from "./queue/trace_command.ts";
import { reload } from "./reload.ts";
import { route, type RouteFlags } from "./route.ts";
import { printAll } from "./printer.ts";
import { run, type ServerFlags } from "./run.ts";
import { addReplay, addShadow } from "./shadow/command.ts";
import { addSrs } from "./srs.ts";
import { addSendmail } from "./sendmail/command.ts";
import { trial } from "./trial.ts";
import { types } from "./types.ts";
import { addUser } from "./user_command.ts";
import { addVars } from "./vars_command.ts";
import { simulate, type SimulateFlags } from "./simulate.ts";
import { VERSION } from "../base/version.ts";

/** In a compiled program, this file also has the licences of all that was compiled into it. */
const LICENSE = new URL("../../LICENSE", import.meta.url);

/** Exit codes. */
export const EXIT = { ok: 0, failed: 1, usage: 2 } as const;

/** Runs the program with these arguments and returns its exit code. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    if (args[0] === "launcher") { // for the server only, so no help speaks of it
      await runLauncher();
      return EXIT.ok;
    }
    if (args[0] === SHADOW_PROCESS) { // likewise
      await (await import("../daemon/shadow_process.ts")).runShadow();
      return EXIT.ok;
    }
    if (args[0] === "trial") { // likewise
      await trial();
      return EXIT.ok;
    }
    let exitCode: number = EXIT.ok;
    const postmaster = program((code = EXIT.failed) => exitCode = code);
    refuseUnknown(postmaster, args[0]);
    await postmaster.parseAsync(commandFirst(postmaster, args), { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (error instanceof Deno.errors.BrokenPipe) return EXIT.failed; // its reader has seen enough
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

/** The same arguments with the command before its options: `-c FILE check` means `check -c FILE`. */
function commandFirst(postmaster: Command, args: readonly string[]): readonly string[] {
  if (!args[0]?.startsWith("-")) return args;
  const options = postmaster.commands.flatMap((command) => command.options);
  for (let at = 0; at < args.length; at++) {
    const arg = args[at]!;
    if (postmaster.commands.some((command) => command.name() === arg)) {
      return [arg, ...args.toSpliced(at, 1)];
    }
    if (options.some(({ short, long, required }) => required && (arg === short || arg === long))) {
      at++; // its value
    }
  }
  return args;
}

/**
 * The commands, to be run and to be documented.
 *
 * @param failed called by a command that has printed what is wrong, perhaps with an exit code of its own
 */
export function program(failed: (code?: number) => void): Command {
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
    .summary("run the server, as without a command")
    .description("run the server (what `postmaster` does without a command)");
  const checkCommand = postmaster.command("check")
    .summary("say what is wrong, and what would be done")
    .description("check the configuration and the handlers, and say what the server would do");
  const typesCommand = postmaster.command("types")
    .summary("write the API's types beside your handlers")
    .description("write the API's types, for editors, beside your handlers")
    .option("-o, --output <directory>", "the directory with your handlers", ".");
  const schemaCommand = postmaster.command("schema")
    .summary("print the configuration's JSON Schema")
    .description("print the JSON Schema of the configuration, for editors");
  const licencesCommand = postmaster.command("licences")
    .summary("print the licences of all that is in it")
    .description("print the licences of the program and all that is in it");
  withUser(withFlags(runCommand)).action((flags: ServerFlags) => run(flags));
  withUser(withFlags(checkCommand))
    .option("--against [place]", "say what changes for the running server, or a configuration")
    .action((flags: CheckFlags) => check(flags));
  strict(typesCommand).action((flags: { readonly output: string }) => types(flags));
  strict(schemaCommand).action(() => printAll(printJsonSchema()));
  strict(licencesCommand).action(() => printAll(Deno.readTextFileSync(LICENSE)));
  addReload(postmaster);
  addInit(postmaster);
  addImport(postmaster);
  addUser(postmaster);
  addQueue(postmaster);
  addTrace(postmaster);
  addExplain(postmaster);
  addVars(postmaster);
  addCert(postmaster);
  addDkim(postmaster);
  addSimulate(postmaster);
  addRoute(postmaster, failed);
  addProbe(postmaster, failed);
  addDoctor(postmaster, failed);
  addExamine(postmaster);
  addSrs(postmaster, failed);
  addReports(postmaster, failed);
  addSendmail(postmaster);
  addShadow(postmaster, failed);
  addReplay(postmaster, failed);
  return postmaster;
}

function addReload(postmaster: Command): void {
  strict(postmaster.command("reload"))
    .summary("have the server read everything anew")
    .description("have the running server read its configuration and its handlers anew")
    .option("-c, --config <file>", "the configuration file")
    .option("--socket <path>", "the control socket, for those who may not read the configuration")
    .option("--debug", "show where in the program an error came from")
    .action((flags: DeskFlags) => reload(flags));
}

function addSimulate(postmaster: Command): void {
  const command = postmaster.command("simulate")
    .summary("play a session from the standard input")
    .description("play a session, typed on the standard input, and deliver nothing")
    .option("--show-message", "print accepted messages as targets would get them");
  withFlags(withClient(command)).action((flags: SimulateFlags) => simulate(flags));
}

function addRoute(postmaster: Command, failed: () => void): void {
  const command = postmaster.command("route")
    .summary("say where mail for an address would go")
    .description("say where mail for an address would go, or who refuses it")
    .argument(
      "<address...>",
      "addresses of recipients",
      (text, before: readonly Mailbox[] = []) => [...before, parseAddress(text)],
    )
    .option("--from <address>", "the sender; <> is the null path", parseSender, "<>")
    .option("--helo <name>", "what the client calls itself", parseHelo, "client.example.org");
  withFlags(withClient(command)).action(async (addresses: Mailbox[], flags: RouteFlags) => {
    if (!await route(addresses, flags)) failed();
  });
}

/** Throws usage errors, also for arguments that are too many. */
const strict = (command: Command): Command => command.exitOverride().allowExcessArguments(false);

function withFlags(command: Command): Command {
  return strict(command)
    .option("-c, --config <file>", "the configuration file")
    .option(
      "-l, --listen <address>",
      "listen here instead: 127.0.0.1:2525, [::1]:25, *:25, unix:/path; may be repeated",
      each(String),
    )
    .option(
      "--handlers <module>",
      "use this handler instead: a module's path or a name; may be repeated, outermost first",
      each(String),
    )
    .option("--hostname <name>", "the server's own name")
    .addOption(new Option("--log-level <level>", "the least level that is logged").choices(LEVELS))
    .option("--debug", "show where in the program an error came from");
}

/** Adds the flags of commands that must run as the server's user. */
const withUser = (command: Command): Command =>
  command
    .option("--user <name>", "become this user, if root starts the server")
    .option("--handlers-as-root", "let modules of handlers run as root");

/** One readable line for each problem. */
function complain(error: unknown, debug: boolean): void {
  const isPlaced = error instanceof ConfigError || error instanceof TranscriptError;
  const prefix = isPlaced ? "" : "postmaster: ";
  const said = debug && error instanceof Error ? error.stack! : prefix + messageOf(error);
  console.error(marking()("error", said));
}
