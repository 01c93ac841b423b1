/**
 * `docs/commands.md`: every command, made from what the command line itself goes by.
 *
 * @module
 */
import type { Argument, Command, Option } from "commander";
import { program } from "../cli/program.ts";
import { block, checkNotes, paragraphs, type Parts, plain, sentence, table } from "./page.ts";

/** The section about all commands. */
const EXIT_STATUS = "Exit status";

/** The page in Markdown that is not formatted yet. */
export function commandsPage(parts: Parts): string {
  const { introduction, notes } = parts;
  const root = program(() => {});
  const commands = commandsIn(root);
  checkNotes(parts, [EXIT_STATUS, ...commands.map(({ name }) => name)]);
  return paragraphs(
    introduction,
    table(
      ["Command", "Meaning"],
      commands.map(({ name, command }) => [
        `[\`${name}\`](#${name.replaceAll(" ", "-")})`,
        plain(sentence(command.description())),
      ]),
    ),
    table(["Option", "Default", "Meaning"], root.options.filter(isVisible).map(optionRow)),
    `## ${EXIT_STATUS}`,
    notes.get(EXIT_STATUS),
    ...commands.map(({ name, command }) => commandText(name, command, notes.get(name))),
  );
}

/** A command that can be run. */
export interface Runnable {
  /** With the commands around it: `vars list`. */
  readonly name: string;
  readonly command: Command;
}

/** The commands that do something, not those that only have others. */
export function commandsIn(command: Command, around = ""): Runnable[] {
  return command.createHelp().visibleCommands(command).flatMap((inner) => {
    const name = around + inner.name();
    return inner.commands.length > 0 ? commandsIn(inner, `${name} `) : [{ name, command: inner }];
  });
}

function commandText(name: string, command: Command, note?: string): string {
  const { registeredArguments, options } = command;
  return paragraphs(
    `## \`${name}\``,
    plain(sentence(command.description())),
    block("text", `postmaster ${name} ${command.usage()}`),
    table(["Argument", "Default", "Meaning"], registeredArguments.map(argumentRow)),
    table(["Option", "Default", "Meaning"], options.filter(isVisible).map(optionRow)),
    note,
  );
}

const isVisible = ({ hidden }: Option): boolean => !hidden;

const argumentRow = (argument: Argument): string[] => [
  `\`${argument.name()}${argument.variadic ? "..." : ""}\``,
  argument.required ? "required" : defaultOf(argument),
  plain(sentence(argument.description)),
];

const optionRow = (option: Option): string[] => [
  `\`${option.flags}\``,
  option.mandatory ? "required" : defaultOf(option),
  plain(sentence(option.description)) + choices(option),
];

const choices = ({ argChoices }: Option): string =>
  argChoices === undefined
    ? ""
    : ` One of ${argChoices.map((choice) => `\`${choice}\``).join(", ")}.`;

function defaultOf({ defaultValue, defaultValueDescription }: Option | Argument): string {
  const value = defaultValueDescription ?? defaultValue;
  return value === undefined ? "" : `\`${value}\``;
}
