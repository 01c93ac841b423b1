/**
 * The parts of `docs/commands.md` that the command line itself makes: every command.
 * @module
 */
import type { Argument, Command, Option } from "commander";
import { program } from "../cli/program.ts";
import { block, contents, paragraphs, type Parts, sentence, table } from "./page.ts";

/** The parts of the page, by commands; `contents` is a table of them, and of what each of them takes. */
export function commandsParts(page: string): Parts {
  const root = program(() => {});
  const commands = commandsIn(root);
  const about = new Map([...commands].map(([name, command]) => [name, descriptionOf(command)]));
  return new Map([
    ["contents", paragraphs(contents(page, about), takes(root))],
    ...[...commands].map(([name, command]) =>
      [
        name,
        paragraphs(
          descriptionOf(command),
          block("text", `postmaster ${name} ${command.usage()}`),
          takes(command),
        ),
      ] as const
    ),
  ]);
}

/** The commands that do something, not those that only have others, by their names: `vars list`. */
export function commandsIn(command: Command, around = ""): ReadonlyMap<string, Command> {
  return new Map(
    command.createHelp().visibleCommands(command).flatMap((inner) => {
      const name = around + inner.name();
      return inner.commands.length > 0 ? [...commandsIn(inner, `${name} `)] : [[name, inner]];
    }),
  );
}

const descriptionOf = (command: Command): string => sentence(command.description());

/** The arguments and options of a command. */
const takes = ({ registeredArguments, options }: Command): string =>
  paragraphs(
    table(["Argument", "Default", "Meaning"], registeredArguments.map(argumentRow)),
    table(
      ["Option", "Default", "Meaning"],
      options.filter(({ hidden }) => !hidden).map(optionRow),
    ),
  );

const argumentRow = (argument: Argument): string[] => [
  `\`${argument.name()}${argument.variadic ? "..." : ""}\``,
  argument.required ? "required" : defaultOf(argument),
  sentence(argument.description),
];

const optionRow = (option: Option): string[] => [
  `\`${option.flags}\``,
  option.mandatory ? "required" : defaultOf(option),
  sentence(option.description) + choices(option),
];

const choices = ({ argChoices = [] }: Option): string =>
  argChoices.length === 0 ? "" : ` One of ${argChoices.map((one) => `\`${one}\``).join(", ")}.`;

/** The default of an option or an argument as code; `""` if it has none. */
export function defaultOf({ defaultValue, defaultValueDescription }: Option | Argument): string {
  const value = defaultValueDescription ?? defaultValue;
  return value === undefined ? "" : `\`${value}\``;
}
