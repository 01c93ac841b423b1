/**
 * `postmaster doctor` on the command line.
 * @module
 */
import { type Command, InvalidArgumentError } from "commander";
import { messageOf } from "../../base/message_of.ts";
import { oneOf, suggest } from "../../base/nearest.ts";
import { findConfig } from "../../config/mod.ts";
import { printable } from "../../log/escape.ts";
import type { Mailbox } from "../../smtp/mailbox.ts";
import { argument, each, parseIpFlag } from "../argument.ts";
import { parseAddress } from "../client_flags.ts";
import { VERSION } from "../../base/version.ts";
import { runChecks } from "./check.ts";
import { CHECKS } from "./checks.ts";
import { examine } from "./examine.ts";
import { exitCodeOf, type Finding, worstOf } from "./finding.ts";
import { printFindings } from "./print.ts";

interface Flags {
  readonly config?: string;
  readonly only?: readonly string[];
  readonly network: boolean;
  readonly send?: Mailbox;
  readonly mx?: readonly string[];
  readonly address?: readonly string[];
  readonly ntp?: string;
  readonly bogus: string;
  readonly json?: boolean;
  readonly debug?: boolean;
}

const NAMES = CHECKS.map(({ name }) => name);

/**
 * Adds the command `doctor`.
 *
 * @param exit called with the exit code
 */
export function addDoctor(postmaster: Command, exit: (code: number) => void): void {
  postmaster.command("doctor")
    .summary("find what is wrong around the server")
    .description(
      "find what is wrong with DNS, certificates, ports, rights, disk, clock or queue, and say how to mend it",
    )
    .option("-c, --config <file>", "the configuration file")
    .option(
      "--only <checks>",
      "only these checks, such as disk,queue",
      parseNames,
    )
    .option("--no-network", "ask no other machine")
    .option(
      "--send <address>",
      "send a message to this address here, and follow it",
      argument(parseAddress),
    )
    .option(
      "--mx <host>",
      "try whether this exchanger of others can be reached; may be repeated",
      each(String),
    )
    .option(
      "--address <address>",
      "mail is sent from this address; may be repeated; by default those of this machine",
      (text: string, before: readonly string[] = []) => [...before, parseIpFlag(text)],
    )
    .option("--ntp <server>", "the server of time; by default that of chrony, ntpd or timesyncd")
    .option("--bogus <name>", "a name whose DNSSEC is broken", "dnssec-failed.org")
    .option("--json", "print all as one JSON object")
    .option("--debug", "show where in the program an error came from")
    .allowExcessArguments(false)
    .action(async (flags: Flags) => exit(await doctor(flags)));
}

/** What the exit code is when nothing could be checked. */
const UNKNOWN = 3;

/** Prints what is found, and gives the exit code. */
async function doctor(flags: Flags): Promise<number> {
  try {
    const findings = await look(flags);
    print(findings, flags.json ?? false);
    return exitCodeOf(findings);
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) throw error;
    console.error(flags.debug && error instanceof Error ? error.stack : messageOf(error));
    return UNKNOWN;
  }
}

async function look(
  { config: file = findConfig(), only, network, send, mx = [], address = [], ntp, bogus }: Flags,
): Promise<readonly Finding[]> {
  const wishes = { addresses: address, exchangers: mx, clock: ntp, bogus, recipient: send };
  const installation = await examine(file, wishes);
  const checks = CHECKS.filter((check) =>
    (only?.includes(check.name) ?? true) && (network || !check.network)
  );
  return await runChecks(checks, installation);
}

function print(findings: readonly Finding[], json: boolean): void {
  const state = { version: VERSION, time: new Date().toISOString(), level: worstOf(findings) };
  const lines = json
    ? [JSON.stringify({ ...state, findings }, null, 2)]
    : printFindings(findings).map(printable);
  for (const line of lines) console.log(line);
}

function parseNames(text: string, before: readonly string[] = []): readonly string[] {
  const names = text.split(",").map((name) => name.trim());
  const wrong = names.find((name) => !NAMES.includes(name));
  if (wrong !== undefined) {
    throw new InvalidArgumentError(
      `There is no check ${wrong}: ${suggest(wrong, NAMES, oneOf(NAMES))}.`,
    );
  }
  return [...before, ...names];
}
