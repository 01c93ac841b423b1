/**
 * The journal of systemd, which reads the standard error of services: a prefix of a line says how important it is
 * (sd-daemon(3)).
 * @module
 */
import { fstatSync } from "node:fs";
import { tried } from "../base/tried.ts";
import { type Level, SEVERITY } from "./levels.ts";

/** Whether the journal reads the standard error of this process. */
export function isJournal(): boolean {
  const named = Deno.env.get("JOURNAL_STREAM"); // a program that was started with another standard error has it, too
  const file = named === undefined ? undefined : tried(() => fstatSync(2));
  return file !== undefined && named === `${file.dev}:${file.ino}`;
}

/** Lines as the journal reads them. */
export const forJournal = (level: Level, lines: string): string =>
  lines.replace(/^(?=.)/gm, `<${SEVERITY[level]}>`);
