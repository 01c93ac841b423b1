/**
 * Configurations of tests that are about something else than postmaster.
 *
 * @module
 */
import { type Config, parseConfig as parse } from "../../src/config/mod.ts";

/** As the real one, but without a word about postmaster the first user reads that mail. */
export const parseConfig = (text: string, file: string, overrides = {}): Config =>
  parse(withPostmaster(text), file, overrides);

/** The same YAML, with somebody who reads the mail for postmaster. */
export function withPostmaster(yaml: string): string {
  if (/\bpostmaster\b/.test(yaml)) return yaml;
  const [, user] = /^users: \[(\w+)/m.exec(yaml) ?? [];
  return user === undefined
    ? `${yaml}\nusers: [postmaster]\n`
    : `${yaml.trimEnd()}\npostmaster: ${user}\n`;
}
