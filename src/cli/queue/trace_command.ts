/**
 * `trace` on the command line.
 * @module
 */
import { type Command, Option } from "commander";
import type { Traced } from "../../queue/store.ts";
import { argument } from "../argument.ts";
import { withDeskFlags } from "./command.ts";
import { someText } from "./filter.ts";
import { type DeskFlags, withDesk } from "./open.ts";
import { trace } from "./trace.ts";

interface Flags extends DeskFlags {
  readonly messageId?: string;
  readonly from?: string;
  readonly to?: string;
  readonly limit: number;
  readonly json?: boolean;
}

/** Adds the command `trace`. */
export function addTrace(postmaster: Command): void {
  const text = (flags: string, description: string) =>
    new Option(flags, description).argParser(someText);
  const command = postmaster.command("trace")
    .summary("tell what became of a message")
    .description("tell the whole life of messages, also of those that have left the queue")
    .argument("[id]", "the queue id of a message", someText)
    .addOption(text("--message-id <id>", "the message's own id, of its field Message-ID"))
    .addOption(text("--from <address>", "messages of this sender; <> is the null sender"))
    .addOption(text("--to <address>", "messages to this recipient"))
    .addOption(
      new Option("--limit <number>", "at most so many messages, the newest first")
        .default(20).argParser(argument(parseLimit)),
    );
  withDeskFlags(command).action(async (id: string | undefined, flags: Flags) => {
    const what: Traced[] = [
      ...id === undefined ? [] : [{ id: id.toUpperCase() }],
      ...flags.messageId === undefined ? [] : [{ messageId: flags.messageId }],
      ...flags.from === undefined ? [] : [{ sender: flags.from }],
      ...flags.to === undefined ? [] : [{ recipient: flags.to }],
    ];
    const [only, ...more] = what;
    if (only === undefined || more.length > 0) {
      return command.error("error: say which message: its id, --message-id, --from or --to");
    }
    await withDesk(flags, (desk) => trace(desk, only, flags.limit, flags.json ?? false));
  });
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (/^\d+$/.test(text) && limit >= 1 && limit <= 100) return limit;
  throw new TypeError("Write a number from 1 to 100.");
}
