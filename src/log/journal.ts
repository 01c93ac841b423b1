/**
 * The journal of systemd, which reads the standard error of services: a prefix of a line says how important it is
 * (sd-daemon(3)).
 * @module
 */
import { fstatSync } from "node:fs";
import { tried } from "../base/tried.ts";
import { type Level, SEVERITY } from "./levels.ts";

/** Writes lines for whoever reads the standard error of this process: for the journal, with how important they are. */
export const marking = (): (level: Level, lines: string) => string =>
  isJournal()
    ? (level, lines) => lines.replace(/^(?=.)/gm, `<${SEVERITY[level]}>`)
    : (_level, lines) => lines;

function isJournal(): boolean {
  const named = Deno.env.get("JOURNAL_STREAM"); // a program that was started with another standard error has it, too
  const file = named === undefined ? undefined : tried(() => fstatSync(2));
  return file !== undefined && named === `${file.dev}:${file.ino}`;
}
