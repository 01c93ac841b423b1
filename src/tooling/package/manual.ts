/**
 * Pages for man(1), made from the definitions of the commands.
 * @module
 */
import type { Argument, Command, Option } from "commander";
import manifest from "../../../deno.json" with { type: "json" };
import { commandsIn, defaultOf } from "../commands.ts";
import { sentence } from "../page.ts";

/** The section of the manual: administration of the system. */
export const SECTION = 8;

/** A page for the program and one for each of its commands, by their names: `postmaster-queue`. */
export function manualPages(root: Command): ReadonlyMap<string, string> {
  const commands = root.createHelp().visibleCommands(root);
  const page = (command: Command) => `${root.name()}-${command.name()}`;
  const pages = commands.map((command) => [page(command), commandPage(command)] as const);
  return new Map([[root.name(), overview(root, commands.map(page))], ...pages]);
}

/** What `man postmaster` shows. */
function overview(root: Command, pages: readonly string[]): string {
  const commands = [...commandsIn(root)].map(([name, command]) =>
    item(bold(name), command.description())
  );
  return lines(
    heading(root.name(), root.description()),
    ...[section("SYNOPSIS"), bold(root.name()), text("[command] [options]")],
    section("DESCRIPTION"),
    text("Without a command the server runs. Each command has a page of its own."),
    ...[section("COMMANDS"), ...commands],
    ...[section("OPTIONS"), ...root.options.map(optionItem)],
    section("EXIT STATUS"),
    item("0", "all went well"),
    item("1", "something failed, which the standard error tells"),
    item("2", "the command line makes no sense"),
    section("FILES"),
    item("/etc/postmaster/postmaster.yaml", "the configuration of the service"),
    item("/var/lib/postmaster", "the queue, and all else that the server keeps"),
    ...[section("SEE ALSO"), text(pages.map((page) => `${page}(${SECTION})`).join(", "))],
  );
}

function commandPage(command: Command): string {
  const name = `postmaster-${command.name()}`;
  const about = command.summary() || command.description();
  const inner = command.commands.length > 0
    ? [...commandsIn(command, `${command.name()} `)]
    : [[command.name(), command] as const];
  return lines(
    heading(name, about),
    section("SYNOPSIS"),
    ...inner.flatMap((
      [name, command],
    ) => [bold(`postmaster ${name}`), text(command.usage()), ".br"]),
    section("DESCRIPTION"),
    ...inner.length === 1 && inner[0]![1] === command ? described(command) : [
      text(sentence(about)),
      ...inner.flatMap(([name, command]) => [
        `.SS ${escape(name)}`,
        ...described(command),
      ]),
    ],
    ...[section("SEE ALSO"), text(`postmaster(${SECTION})`)],
  );
}

/** What a command does and takes. */
const described = (command: Command): string[] => [
  text(sentence(command.description())),
  ...command.registeredArguments.map(argumentItem),
  ...command.options.filter(({ hidden }) => !hidden).map(optionItem),
];

const argumentItem = (argument: Argument): string =>
  item(
    `\\fI${escape(argument.name())}\\fR${argument.variadic ? " ..." : ""}`,
    sentence(argument.description) + defaultIn(argument),
  );

const optionItem = (option: Option): string =>
  item(
    `\\fB${escape(option.flags)}\\fR`,
    sentence(option.description) + choicesIn(option) + defaultIn(option),
  );

const choicesIn = ({ argChoices = [] }: Option): string =>
  argChoices.length === 0 ? "" : ` One of: ${argChoices.join(", ")}.`;

function defaultIn(taken: Option | Argument): string {
  const value = defaultOf(taken);
  return value === "" ? "" : ` Default: ${value}.`;
}

const heading = (name: string, about: string): string =>
  lines(
    `.TH ${escape(name.toUpperCase())} ${SECTION} "" "Postmaster ${manifest.version}"`,
    section("NAME"),
    `${escape(name)} \\- ${escape(about.replace(/\.$/, ""))}`,
  );
const section = (title: string): string => `.SH ${title}`;
const item = (head: string, about: string): string => lines(".TP", head, text(about));
const bold = (words: string): string => `.B ${escape(words)}`;
/** A text in which `words` are bold. */
const text = (words: string): string =>
  escape(words).replaceAll(/`([^`]*)`/g, "\\fB$1\\fR").replace(/^(?=[.'])/, "\\&");
/** Hyphens as they are typed; a backslash and a quote begin nothing. */
const escape = (words: string): string =>
  words.replaceAll("\\", "\\e").replaceAll("-", "\\-").replaceAll("'", "\\(aq");
const lines = (...all: readonly string[]): string => all.join("\n");
