/**
 * What can be typed after each command, for the completions of shells.
 * @module
 */
import type { Command, Option } from "commander";

/** A place on the command line. */
export interface Place {
  /** The commands up to here: `["queue", "list"]`. */
  readonly path: readonly string[];
  /** The commands that can follow. */
  readonly commands: readonly Word[];
  readonly options: readonly Flag[];
  /** True if files can follow. */
  readonly files: boolean;
}

/** A word and what it means. */
export interface Word {
  readonly name: string;
  readonly about: string;
}

/** An option. */
export interface Flag {
  /** `-c`. */
  readonly short: string | undefined;
  /** `--config`. */
  readonly long: string;
  readonly about: string;
  /** What its value is: nothing, a file, one of these words, or something else. */
  readonly value: "none" | "file" | "other" | readonly string[];
}

/** Names of values that are files or directories. */
const FILES = ["file", "directory", "path", "module"];

/** All places, the one after the program's name first; there the options of the default command count too. */
export function places(root: Command): readonly Place[] {
  const [run] = root.commands;
  return [placeOf(root, [], [...root.options, ...run!.options]), ...below(root, [])];
}

const below = (command: Command, path: readonly string[]): Place[] =>
  visible(command).flatMap((inner) => {
    const at = [...path, inner.name()];
    return [placeOf(inner, at, inner.options), ...below(inner, at)];
  });

const placeOf = (command: Command, path: readonly string[], options: readonly Option[]): Place => ({
  path,
  commands: visible(command).map((inner) => ({
    name: inner.name(),
    about: inner.summary() || inner.description(),
  })),
  options: options.filter(({ hidden }) => !hidden).map(flagOf),
  files: command.registeredArguments.some((argument) => FILES.includes(argument.name())),
});

const visible = (command: Command): Command[] => [...command.createHelp().visibleCommands(command)];

const flagOf = ({ short, long, description, argChoices, flags, required }: Option): Flag => ({
  short,
  long: long!,
  about: description,
  value: !required
    ? "none"
    : argChoices ?? (FILES.some((name) => flags.includes(`<${name}`)) ? "file" : "other"),
});
