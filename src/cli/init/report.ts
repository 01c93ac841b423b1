/**
 * What the operator has to know after `postmaster init`.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { env } from "node:process";
import { printable } from "../../log/escape.ts";
import { parseListen, printListen } from "../../net/address.ts";
import { printArgv } from "../../targets/mailer.ts";
import { FILES } from "./configuration.ts";
import type { Plan } from "./plan.ts";
import type { State, Wanted } from "./records.ts";

/** Commands to go on with. `pathOf` gives the paths of the files. */
export function nextSteps(plan: Plan, pathOf: (name: string) => string): string[] {
  const config = printArgv([pathOf(FILES.configuration)]);
  const transcript = printArgv([pathOf(FILES.transcript)]);
  const program = printArgv([programName()]);
  const recipient = `postmaster@${plan.domains.value[0]}`;
  return [
    `${program} check --config ${config}`,
    `${program} simulate --config ${config} --show-message < ${transcript}`,
    `${program} run --config ${config}`,
    `swaks ${swaksServer(plan.listen.value[0] ?? "")} --to ${recipient}`,
  ];
}

/** How this program is called: by its path, if it is an executable that no shell finds by its name. */
function programName(): string {
  const name = "postmaster";
  const path = Deno.execPath();
  const places = (env["PATH"] ?? "").split(delimiter).map((directory) => join(directory, name));
  const isFound = places.some((place) => existsSync(place) && Deno.realPathSync(place) === path);
  return Deno.build.standalone && !isFound ? path : name;
}

/** How swaks(1) reaches what the server listens on. */
function swaksServer(listen: string): string {
  const address = parseListen(listen);
  if (address.transport === "unix") return `--socket ${printArgv([address.path])}`;
  if (address.transport === "fd") return "--server 127.0.0.1"; // wherever it is
  const every = address.hostname === "::";
  return `--server ${printListen(every ? { ...address, hostname: "127.0.0.1" } : address)}`;
}

const SAID: Readonly<Record<State, string>> = {
  right: "right",
  missing: "MISSING",
  wrong: "WRONG",
  unsure: "look",
  unchecked: "not checked",
};

/** The records as lines of a zone file, each behind how it is. */
export function recordLines(records: readonly Wanted[]): string[] {
  const rows = records.map(({ name, type, data, state, note }) => ({
    cells: [SAID[state], `${name}.`, type],
    rest: note === undefined ? data : `${data} (${note})`,
  }));
  const widths = [0, 1, 2].map((i) => Math.max(...rows.map(({ cells }) => cells[i]!.length)));
  return rows.map(({ cells, rest }) =>
    printable([...cells.map((cell, i) => cell.padEnd(widths[i]!)), rest].join("  "))
  );
}

/** What the records do not say. */
export function remarks(records: readonly Wanted[]): string[] {
  const has = (state: State) => records.some((record) => record.state === state);
  return [
    ...has("unchecked")
      ? [
        "The DNS did not answer in time for those that are not checked: publish them, or see that they are.",
      ]
      : [],
    "PTR is set by whoever gave you the address. It must be the server's own name.",
    "The TXT record is for domains whose mail leaves from their MX only (SPF).",
    "The server has no TLS and signs nothing yet: publish no MTA-STS policy and no TLSA or DKIM record for it.",
    "A DMARC policy has only SPF to go by.",
  ];
}
