/**
 * `explain` on the command line.
 * @module
 */
import { type Command, InvalidArgumentError, Option } from "commander";
import { parseDuration } from "../../base/units.ts";
import { tried } from "../../base/tried.ts";
import type { Wanted } from "../../explain/reader.ts";
import { argument, parseIpFlag } from "../argument.ts";
import { UNIX } from "../../net/peers.ts";
import { parseTime } from "../client_flags.ts";
import type { ExplainFlags } from "./explain.ts";

/** The options that say which sessions are meant. */
export type WantedFlags = Omit<Wanted, "id">;

/** Adds the command `explain`. */
export function addExplain(postmaster: Command): void {
  const command = postmaster.command("explain")
    .summary("tell what happened in a session, and why")
    .description("tell what happened in sessions of the kept time, and what each handler did")
    .argument("[id]", "the id of a session or of a message, as in the log");
  withWanted(command)
    .addOption(
      new Option(
        "--limit <number>",
        "at most so many parts of sessions, the newest; 20 without an id",
      )
        .argParser(argument(parseLimit)),
    )
    .option("--json", "print a JSON object a line")
    .action(async (id: string | undefined, flags: WantedFlags & ExplainFlags) => {
      const wanted = id === undefined ? flags : { ...flags, id: id.toUpperCase() };
      await (await import("./explain.ts")).explain(wanted, flags);
    });
}

/** Adds the flags that say which sessions are meant. */
export function withWanted(command: Command): Command {
  return command
    .allowExcessArguments(false)
    .option("--to <address>", "to this recipient, or to this domain", parseAddressOrDomain)
    .option(
      "--from <address>",
      "from this sender or domain; <> is the null sender",
      parseAddressOrDomain,
    )
    .option(
      "--client <address>",
      "from this IPv4 or IPv6 address, or `unix`: this machine's programs",
      parseClient,
    )
    .option(
      "--since <time>",
      "not before this time, or not longer ago: 2d, 2026-12-24T18:00",
      parseSince,
    )
    .option("--until <time>", "not after this time, or longer ago: 30min", parseSince)
    .option("-c, --config <file>", "the configuration file")
    .option("--debug", "show where in the program an error came from")
    .option("--refused", "only where something was refused");
}

/** `joe@example.net`, `@example.net` for a domain with or without its `@`, or `<>`. */
function parseAddressOrDomain(text: string): string {
  const address = text === "<>" ? text : text.replace(/^<(.*)>$/, "$1");
  if (address === "") throw new InvalidArgumentError("It is empty: write an address, or <>.");
  return address === "<>" || address.includes("@") ? address : `@${address}`;
}

/** A time, or how long ago it was; in milliseconds since the epoch. */
function parseSince(text: string): number {
  const ago = tried(() => parseDuration(text));
  return ago === undefined ? parseTime(text).getTime() : Date.now() - ago;
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (/^\d+$/.test(text) && limit >= 1 && limit <= 10_000) return limit;
  throw new TypeError("Write a number from 1 to 10000.");
}

const parseClient = (text: string): string => text === UNIX ? UNIX : parseIpFlag(text);
