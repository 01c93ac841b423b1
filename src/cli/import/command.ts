/**
 * `postmaster import`: a configuration that does what one of another mail server does.
 * @module
 */
import type { Command } from "commander";
import { dirname, join, resolve } from "node:path";
import { messageOf } from "../../base/message_of.ts";
import { tried } from "../../base/tried.ts";
import { printAll } from "../printer.ts";
import { importPostfix } from "./postfix.ts";

interface Flags {
  readonly master?: string;
  readonly output?: string;
}

/** Adds the command `import`. */
export function addImport(postmaster: Command): void {
  const command = postmaster.command("import")
    .summary("translate another server's configuration")
    .description("translate the configuration of another mail server, and list what cannot be")
    .helpCommand(false);
  command.command("postfix")
    .summary("translate Postfix's main.cf")
    .description(
      "write a configuration that does what Postfix's main.cf says, and list what it cannot",
    )
    .argument("<main.cf>", "Postfix's settings, such as /etc/postfix/main.cf")
    .option(
      "--master <file>",
      "Postfix's services; by default master.cf beside main.cf, if it is there",
    )
    .option("-o, --output <file>", "the new file to write; by default the standard output")
    .option("--debug", "show where in the program an error came from")
    .allowExcessArguments(false)
    .action((main: string, flags: Flags) => importFrom(resolve(main), flags));
}

async function importFrom(main: string, { master, output }: Flags): Promise<void> {
  const directory = dirname(main);
  const beside = join(directory, "master.cf");
  const draft = importPostfix({
    main: read(main),
    master: master === undefined ? tried(() => Deno.readTextFileSync(beside)) ?? "" : read(master),
    directory,
  });
  const advice = draft.notes.map(({ setting, advice }) => `${setting}: ${advice}`);
  const text = draft.print(`Made of ${main}. Compare both, then run: postmaster check`) +
    (advice.length === 0
      ? ""
      : `\n# To be done by hand:\n${advice.map((one) => `# - ${one}\n`).join("")}`);
  if (output === undefined) return await printAll(text);
  write(output, text);
  console.log(`wrote ${output}`);
  for (const one of advice) console.log(`to be done by hand: ${one}`);
}

function read(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    throw new Error(`cannot read ${path}: ${messageOf(error)}`);
  }
}

function write(path: string, text: string): void {
  try {
    Deno.writeTextFileSync(path, text, { createNew: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) {
      throw new Error(`cannot write ${path}: ${messageOf(error)}`);
    }
    throw new Error(`${path} is there already: move it away, or name another`);
  }
}
