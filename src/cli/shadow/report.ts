/**
 * `shadow report` and `shadow reset`: what a shadow has found.
 * @module
 */
import { existsSync } from "node:fs";
import { findConfig, loadPlaces } from "../../config/mod.ts";
import { readShadowReport, shadowFile } from "../../daemon/shadow_file.ts";
import { differencesIn } from "../../shadow/report.ts";
import { printReport } from "./print.ts";

const WORDS = { title: "shadow", lost: "since the shadow was too slow" };

/** The flags of these commands. */
export interface ReportFlags {
  /** The configuration; it names the state directory. */
  readonly config?: string;
  readonly json?: boolean;
}

/** Prints the report, and returns how many verdicts differ. */
export function report(flags: ReportFlags): number {
  const found = readShadowReport(fileOf(flags));
  if (found === undefined) {
    throw new Error(
      "there is no report: no server with a shadow has run (`handlers: {live: [...], shadow: [...]}`)",
    );
  }
  printReport(found, WORDS, flags.json);
  return differencesIn(found);
}

/** Forgets the report. A running server begins a new one. */
export function reset(flags: ReportFlags): void {
  const file = fileOf(flags);
  if (existsSync(file)) Deno.removeSync(file);
}

const fileOf = ({ config = findConfig() }: ReportFlags): string =>
  shadowFile(loadPlaces(config).stateDirectory);
