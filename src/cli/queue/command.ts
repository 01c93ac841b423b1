/**
 * `queue` with its subcommands, and `trace`, on the command line.
 * @module
 */
import { type Command, Option } from "commander";
import type { Change } from "../../queue/store.ts";
import type { Target } from "../../handler/reply.ts";
import { argument } from "../argument.ts";
import { change, type ChangeOptions } from "./change.ts";
import {
  ALL_STATES,
  type FilterFlags,
  filterOf,
  OPEN_STATES,
  someText,
  withFilter,
} from "./filter.ts";
import { list } from "./list.ts";
import { type DeskFlags, withDesk } from "./open.ts";
import { show } from "./show.ts";
import { stats } from "./stats.ts";

interface Flags extends FilterFlags, DeskFlags, Partial<ChangeOptions> {
  readonly all?: boolean;
  /** Why. */
  readonly because?: string;
  readonly newTarget?: string;
  readonly args?: Target["args"];
}

/** Adds the command `queue`. */
export function addQueue(postmaster: Command): void {
  const queue = postmaster.command("queue")
    .summary("look into the queue, and change it")
    .description("look into the queue, and change it, also while the server runs")
    .helpCommand(false);
  const command = (name: string, description: string) =>
    withDeskFlags(queue.command(name).description(description));

  withFilter(command("list", "show recipients in the queue, a line each"), ALL_STATES)
    .action((ids: readonly string[] = [], flags: Flags) =>
      withDesk(flags, (desk) => list(desk, filterOf(ids, flags) ?? {}, flags.json ?? false))
    );
  command("show", "show a message: its header, its recipients, and what was tried")
    .argument("<id>", "the queue id of the message")
    .action((id: string, flags: Flags) =>
      withDesk(flags, (desk) => show(desk, id.toUpperCase(), flags.json ?? false))
    );
  command("stats", "show how much there is, and whether the store is well")
    .action((flags: Flags) => withDesk(flags, (desk) => stats(desk, flags.json ?? false)));

  const changing = (name: string, description: string, make: (flags: Flags) => Change) =>
    addChange(command(name, description), make);
  changing("hold", "let nobody try to deliver them until they are released", (flags) => ({
    kind: "hold",
    reason: flags.because ?? "held by an operator",
  })).addOption(because("why, for other operators"));
  changing("release", "end a hold: they are tried at once", () => ({
    kind: "release",
    due: Date.now(),
  }));
  changing("retry", "try at once those that wait", () => ({ kind: "retry", due: Date.now() }));
  changing("reroute", "send them to another target, at once", ({ newTarget, args }) => ({
    kind: "reroute",
    target: { target: newTarget!, args: args ?? {} },
    destination: newTarget!,
    due: Date.now(),
  }))
    .requiredOption("--new-target <name>", "the target, such as mailer or relay", someText)
    .option("--args <json>", 'its arguments, such as \'{"user": "joe"}\'', argument(jsonObject));
  final(changing("bounce", "return them to their senders", ({ because }) => ({
    kind: "bounce",
    reason: because ?? "returned by the operator of the server",
    due: Date.now(),
  }))).addOption(because("why, for the senders"));
  final(changing("drop", "remove them from the queue, and tell nobody", () => ({
    kind: "drop",
    time: Date.now(),
  })));
}

/** Adds the options of a command that changes what matches, and its action. */
function addChange(command: Command, make: (flags: Flags) => Change): Command {
  return withFilter(command, OPEN_STATES)
    .option("--all", "all that there are; needed where nothing else says which")
    .option("--dry-run", "only say which would be changed")
    .action(async (ids: readonly string[] = [], flags: Flags) => {
      const filter = filterOf(ids, flags);
      if (filter === undefined && !flags.all) {
        command.error("error: say which are meant, by queue ids or options, or `--all` for all");
      }
      const { dryRun = false, yes = false, json = false } = flags;
      await withDesk(
        flags,
        (desk) => change(desk, filter ?? {}, make(flags), { dryRun, yes, json }),
      );
    });
}

/** Adds the option of changes that cannot be changed back. */
const final = (command: Command): Command =>
  command.option("--yes", "ask nothing, also where they are many");

const because = (description: string): Option =>
  new Option("--because <text>", description).argParser(someText);

/** Adds the options of all commands that need the queue. */
export const withDeskFlags = (command: Command): Command =>
  command
    .allowExcessArguments(false)
    .option("-c, --config <file>", "the configuration file")
    .option("--socket <path>", "the control socket, for those who may not read the configuration")
    .option("--json", "print a JSON object a line")
    .option("--debug", "show where in the program an error came from");

function jsonObject(text: string): Target["args"] {
  const value: unknown = JSON.parse(text);
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Target["args"];
  }
  throw new TypeError('Write a JSON object, such as \'{"user": "joe"}\'.');
}
