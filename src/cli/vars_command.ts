/**
 * `vars` and its subcommands on the command line.
 * @module
 */
import { Argument, type Command, Option } from "commander";
import { parseTtl } from "../handler/variable.ts";
import { isVariableName } from "../handler/variable_name.ts";
import { argument } from "./argument.ts";
import { get, list, set, unset, type VarsFlags } from "./vars.ts";

/** Adds the command `vars`. */
export function addVars(postmaster: Command): void {
  const vars = postmaster.command("vars")
    .summary("see and set the variables that persist")
    .description("see and set the variables that persist, also while the server runs")
    .helpCommand(false);
  const command = (usage: string, description: string) =>
    vars.command(usage)
      .description(description)
      .allowExcessArguments(false)
      .option("-c, --config <file>", "the configuration file")
      .option("--debug", "show where in the program an error came from");
  const name = new Argument("<name>", "the variable, such as `failures[192.0.2.1]`")
    .argParser(variableName);

  command("list", "show the variables that persist")
    .argument("[prefix]", "only those whose names begin so")
    .option("--json", "print a JSON object a line")
    .action((prefix: string | undefined, flags: VarsFlags) => list(prefix ?? "", flags));
  command("get", "show the value of a variable as JSON")
    .addArgument(name)
    .option("--json", "print a JSON object, with its name and when it expires")
    .action(get);
  command("set", "set a variable")
    .addArgument(name)
    .addArgument(
      new Argument("<json>", "the value: `5`, `true`, `'\"text\"'`, `'[1, 2]'`").argParser(json),
    )
    .addOption(
      new Option("--ttl <duration>", "forget it after so long; without it, as before")
        .argParser(argument(parseTtl)),
    )
    .action(set);
  command("unset", "forget the value of a variable")
    .addArgument(name)
    .action(unset);
}

const json = argument((text): unknown => {
  const value = parseJson(text);
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
    throw new TypeError("The number has too many digits: write it as a '\"text\"'.");
  }
  return value;
});

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new TypeError("Write JSON, such as 5, true, '\"text\"' or '[1, 2]'.");
  }
}

const variableName = argument((text) => {
  if (isVariableName(text)) return text;
  throw new TypeError("A variable has a name such as `failures` or `failures[192.0.2.1]`.");
});
