/**
 * `postmaster examine` on the command line.
 * @module
 */
import type { Command } from "commander";
import { findConfig, loadConfig } from "../../config/mod.ts";
import { CachingResolver } from "../../dns/caching_resolver.ts";
import { printable } from "../../log/escape.ts";
import { parseIpFlag } from "../argument.ts";
import { parseHelo, parseSender } from "../client_flags.ts";
import { printAll } from "../printer.ts";
import type { EnvelopeFlags } from "./envelope.ts";
import { examine } from "./examine.ts";
import { printExamined } from "./print.ts";

interface Flags extends EnvelopeFlags {
  readonly config?: string;
  readonly json?: boolean;
}

/** Adds the command `examine`. */
export function addExamine(postmaster: Command): void {
  postmaster.command("examine")
    .summary("say who sent a message, and how that is known")
    .description(
      "say who sent a message by SPF, DKIM, ARC and DMARC, with the reasons and what the DNS says",
    )
    .argument("<file>", "the message, or - for the standard input")
    .option("-c, --config <file>", "the configuration file")
    .option("--from <address>", "the sender; by default that in Return-Path", parseSender)
    .option("--ip <address>", "the client's address; by default that in Received", parseIpFlag)
    .option("--helo <name>", "what the client called itself; by default as in Received", parseHelo)
    .option("--json", "print all as one JSON object")
    .option("--debug", "show where in the program an error came from")
    .allowExcessArguments(false)
    .action(examineAs);
}

async function examineAs(
  path: string,
  { config: file = findConfig(), json = false, ...flags }: Flags,
): Promise<void> {
  const { dns, hostname, authservId = hostname } = loadConfig(file);
  const message = path === "-" ? Deno.stdin : await Deno.open(path);
  const means = { dns: new CachingResolver(dns), hostname, authservId };
  const examined = await examine(message.readable, flags, means);
  const lines = json
    ? [JSON.stringify(examined, withMaps, 2)]
    : printExamined(examined).map(printable);
  printAll(lines.join("\n"));
}

const withMaps = (_: string, value: unknown): unknown =>
  value instanceof Map ? Object.fromEntries(value) : value;
