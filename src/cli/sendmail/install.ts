/**
 * `postmaster install-sendmail`: the names by which programs call `sendmail`.
 * @module
 */
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { tried } from "../../base/tried.ts";
import { DROP_DIRECTORY } from "../../drop/draft.ts";

/** What an installation is like. */
export interface InstallOptions {
  /** Where `sendmail` is to be. */
  readonly dir: string;
  /** The drop directory. */
  readonly drop: string;
  /** The configuration that names the queue; without it, the usual one. */
  readonly config: string | undefined;
  /** Moves away what is there of others. */
  readonly force: boolean;
}

/** Where programs look for it. */
const SYSTEM = "/usr/sbin";
/** The name by which most programs call it. */
export const SENDMAIL = "/usr/sbin/sendmail";
const OF_SYSTEM = [
  SENDMAIL,
  "/usr/lib/sendmail",
  "/usr/bin/mailq",
  "/usr/bin/newaliases",
];
/** Where the files are that alternatives lead to. */
const OWN = "/usr/lib/postmaster";
const ALTERNATIVES = "/etc/alternatives/";
/** The priority as an alternative: above those of servers that only send mail on. */
const PRIORITY = "100";
/** How a script of ours begins, by which it is known again. */
const HEAD = "#!/bin/sh\n# Made by `postmaster install-sendmail`.\n";
/** The end of the name of what was there before. */
const BEFORE = ".before-postmaster";

/**
 * Makes the names, and returns a line for each.
 *
 * @throws {Error} for names that others have; then nothing was made
 */
export function install(options: InstallOptions): string[] {
  const { dir, force } = options;
  const paths = pathsIn(dir);
  const others = paths.filter((path) => !isFree(path) && alternativeAt(path) === undefined);
  if (others.length > 0 && !force) {
    throw new Error(
      `${others.join(", ")}: another program is there: remove its package, or say --force, which ` +
        `moves it to ${basename(others[0]!)}${BEFORE} beside it`,
    );
  }
  return paths.map((path) => installAt(path, options));
}

/** Removes the names that are ours, brings back what was there before, and returns a line for each. */
export function remove({ dir }: Pick<InstallOptions, "dir">): string[] {
  return pathsIn(dir).flatMap((path) => {
    const name = alternativeAt(path);
    if (name !== undefined && tried(() => Deno.lstatSync(ownAt(path))) !== undefined) {
      alternatives("--remove", name, ownAt(path));
      Deno.removeSync(ownAt(path));
      return [`${path}: no alternative any more`];
    }
    if (!isOurs(path)) return [];
    Deno.removeSync(path);
    const before = path + BEFORE;
    if (tried(() => Deno.lstatSync(before)) === undefined) return [`${path}: removed`];
    Deno.renameSync(before, path);
    return [`${path}: removed, and what was there before is back`];
  });
}

function installAt(path: string, options: InstallOptions): string {
  const name = alternativeAt(path);
  if (name === undefined) {
    if (isOurs(path)) Deno.removeSync(path);
    else if (!isFree(path)) Deno.renameSync(path, path + BEFORE);
    return `${path}: ${make(path, options)}`;
  }
  const own = ownAt(path);
  Deno.mkdirSync(dirname(own), { recursive: true });
  if (tried(() => Deno.lstatSync(own)) !== undefined) Deno.removeSync(own);
  const made = make(own, options);
  alternatives("--install", path, name, own, PRIORITY);
  alternatives("--set", name, own);
  return `${path}: the alternative ${own}, ${made}`;
}

/** Links in the directory of the system lead from all places that programs know. */
const pathsIn = (dir: string): readonly string[] =>
  dir === SYSTEM ? OF_SYSTEM : ["sendmail", "mailq", "newaliases"].map((name) => join(dir, name));

/** A link to the executable, which knows by which name it is called; or a script that calls what else is to be called. */
function make(path: string, { drop, config }: InstallOptions): string {
  const program = Deno.execPath();
  if (Deno.build.standalone && drop === DROP_DIRECTORY && config === undefined) {
    Deno.symlinkSync(program, path);
    return `a link to ${program}`;
  }
  const mode = { mailq: "-bp", newaliases: "-bi" }[basename(path)] ?? "";
  const asked = config === undefined ? [] : ["-C", resolve(config)];
  const command = [...ownCommand(), "sendmail", `--drop=${drop}`, ...asked].map(quoted).join(" ");
  Deno.writeTextFileSync(path, `${HEAD}exec ${command} ${mode} "$@"\n`);
  Deno.chmodSync(path, 0o755);
  return "a script";
}

/** A word for a shell. */
const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

/** How this program is started. */
function ownCommand(): string[] {
  if (Deno.build.standalone) return [Deno.execPath()];
  const main = fileURLToPath(new URL("../../../main.ts", import.meta.url));
  return [Deno.execPath(), "run", "--quiet", "--allow-all", main];
}

const ownAt = (path: string): string => join(OWN, basename(path));

/** The name of the alternative that a path is, where update-alternatives(1) is used. */
function alternativeAt(path: string): string | undefined {
  const target = tried(() => Deno.readLinkSync(path));
  return target?.startsWith(ALTERNATIVES) ? target.slice(ALTERNATIVES.length) : undefined;
}

const isFree = (path: string): boolean =>
  tried(() => Deno.lstatSync(path)) === undefined || isOurs(path);

function isOurs(path: string): boolean {
  const target = tried(() => Deno.readLinkSync(path));
  return target === undefined ? isOwnScript(path) : target === Deno.execPath();
}

/** Whether a path leads here, through links of whomever. Where users may not look is no program that they could call. */
export const isOwnSendmail = (path: string): boolean => {
  const [found, own] = [path, Deno.execPath()].map((one) => tried(() => Deno.realPathSync(one)));
  return found !== undefined && found === own || isOwnScript(path);
};

function isOwnScript(path: string): boolean {
  using file = tried(() => Deno.openSync(path));
  const head = new Uint8Array(HEAD.length);
  const length = file === undefined ? 0 : tried(() => file.readSync(head)) ?? 0;
  return new TextDecoder().decode(head.subarray(0, length)) === HEAD;
}

function alternatives(...args: string[]): void {
  const { success, stderr } = new Deno.Command("update-alternatives", { args }).outputSync();
  if (!success) throw new Error(new TextDecoder().decode(stderr).trim());
}
