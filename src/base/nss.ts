/**
 * Accounts that only the Name Service Switch of the C library finds, such as those of an LDAP directory. The program
 * getent(1) asks it.
 * @module
 */
import { messageOf } from "./message_of.ts";

/** A list of accounts, by its name for nsswitch.conf(5) and getent(1). */
export type Database = "passwd" | "group" | "initgroups";

/** The file that says where the C library looks up accounts. */
export const NSSWITCH = "/etc/nsswitch.conf";

/** Sources with no accounts for mail but those of the files in /etc. */
const FILES: ReadonlySet<string> = new Set(["files", "compat", "systemd"]);

/** Milliseconds that getent may take. */
const PATIENCE = 10_000;

/** The sources that nsswitch.conf names for a database, without {@linkcode FILES}. */
export function sourcesIn(nsswitch: string, database: Database): readonly string[] {
  const [, line = ""] = new RegExp(`^\\s*${database}:([^#\\n]*)`, "m").exec(nsswitch) ?? [];
  const sources = line.replace(/\[[^\]]*\]/g, " ").split(/\s+/);
  return sources.filter((source) => source !== "" && !FILES.has(source));
}

/** True if accounts may be elsewhere than in the files in /etc. */
export function hasMore(database: Database): boolean {
  try {
    return sourcesIn(Deno.readTextFileSync(NSSWITCH), database).length > 0;
  } catch {
    return false; // without this file the C library reads those in /etc
  }
}

/** The lines of getent for these keys. This thread waits for them. Throws if getent cannot look them up. */
export function getentSync(database: Database, ...keys: readonly string[]): readonly string[] {
  return linesOf(attempt(() => getentFor(database, keys).outputSync()));
}

/** As {@linkcode getentSync}, without blocking this thread. */
export async function getent(
  database: Database,
  ...keys: readonly string[]
): Promise<readonly string[]> {
  const signal = AbortSignal.timeout(PATIENCE);
  return linesOf(await attempt(() => getentFor(database, keys, signal).output()));
}

const getentFor = (database: Database, keys: readonly string[], signal?: AbortSignal) =>
  new Deno.Command("getent", {
    args: [database, "--", ...keys],
    stdin: "null",
    stderr: "null",
    ...(signal === undefined ? {} : { signal }),
  });

function attempt<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw new Error(`cannot run getent(1): ${messageOf(error)}`);
  }
}

/** Exit code 2 is for keys that were not found. */
function linesOf({ code, stdout }: Deno.CommandOutput): readonly string[] {
  if (code !== 0 && code !== 2) throw new Error(`getent(1) failed with exit code ${code}`);
  return new TextDecoder().decode(stdout).split("\n").filter(Boolean);
}
