/**
 * `postmaster user`: changes the file of users and their secrets, also while the server runs.
 * @module
 */
import { existsSync, readFileSync } from "node:fs";
import {
  changeFile,
  generatedPassword,
  hasUser,
  type Owner,
  userLine,
  withoutUser,
  withUser,
} from "../auth/edit.ts";
import { Hashes } from "../auth/hashes.ts";
import { parsePasswords } from "../auth/password_file.ts";
import { newPassword } from "../auth/rules.ts";
import { mechanismsOf } from "../auth/user_secrets.ts";
import { PasswordUsers } from "../auth/users.ts";
import { suggest } from "../base/nearest.ts";
import { ConfigError } from "../base/problem.ts";
import { Secret } from "../base/secret.ts";
import { findConfig, loadSettings } from "../config/mod.ts";
import { credentialsOf, startedByRoot } from "../daemon/credentials.ts";
import { askNewPassword, askPassword } from "./ask_password.ts";

/** The flags of these commands. */
export interface UserFlags {
  /** The configuration; it names the file of users and their secrets. */
  readonly config?: string;
  /** The file itself. */
  readonly file?: string;
  /** Make a password and print it. */
  readonly generate?: boolean;
}

/** Adds a user. Throws if there is one with this name. */
export const add = (name: string, flags: UserFlags): Promise<void> =>
  setPassword(name, flags, (text, path) => {
    if (!hasUser(text, name)) return;
    throw new Error(
      `\`${name}\` is in ${path} already: \`postmaster user passwd ${name}\` changes the password`,
    );
  });

/** Changes the password of a user. Throws if there is none with this name. */
export const passwd = (name: string, flags: UserFlags): Promise<void> =>
  setPassword(name, flags, (text, path) => mustHave(text, path, name));

/** Forgets a user. Throws if there is none with this name. */
export async function remove(name: string, flags: UserFlags): Promise<void> {
  const { path } = fileOf(flags);
  mustHave(textOf(path), path, name);
  await changeFile(path, undefined, (text) => {
    mustHave(text, path, name);
    return sound(withoutUser(text, name), path);
  });
}

/** Says whether a password is that of a user. Throws if it is not, or if there is no such user. */
export async function check(name: string, flags: UserFlags): Promise<void> {
  const { path } = fileOf(flags);
  const text = textOf(path);
  mustHave(text, path, name);
  const table = parsePasswords(text, path);
  using hashes = new Hashes();
  const users = new PasswordUsers(() => table, hashes, () => new Uint8Array());
  const verdict = await users.verify(name, new Secret(await askPassword(name)));
  if ("unavailable" in verdict) throw new Error(verdict.unavailable);
  if (!("user" in verdict)) throw new Error("the password is wrong");
  console.log("the password is right");
}

/** Prints the users and the mechanisms that each can use. */
export function list(flags: UserFlags): void {
  const { path } = fileOf(flags);
  const users = [...parsePasswords(textOf(path), path)];
  const width = Math.max("NAME".length, ...users.map(([name]) => name.length));
  if (users.length > 0) console.log(`${"NAME".padEnd(width)}  MECHANISMS`);
  for (const [name, secrets] of users) {
    console.log(`${name.padEnd(width)}  ${mechanismsOf(secrets).join(" ")}`);
  }
}

/** @param refuse throws if the user may not be set in this text of the file */
async function setPassword(
  name: string,
  flags: UserFlags,
  refuse: (text: string, path: string) => void,
): Promise<void> {
  const { path, owner } = fileOf(flags);
  refuse(textOf(path), path); // before the question, which would be in vain
  const password = flags.generate ? generatedPassword() : newPassword(await askNewPassword(name));
  using hashes = new Hashes();
  const line = await userLine(name, password, hashes);
  await changeFile(path, owner, (text) => {
    refuse(text, path);
    return sound(withUser(text, name, line), path);
  });
  if (flags.generate) console.log(password);
}

function mustHave(text: string, path: string, name: string): void {
  if (hasUser(text, name)) return;
  const names = [...parsePasswords(text, path).keys()];
  const cure = suggest(name, names, "`postmaster user list` shows all");
  throw new Error(`there is no user \`${name}\` in ${path}: ${cure}`);
}

/** A file of users and their secrets. */
interface PasswordFile {
  readonly path: string;
  /** Who is to own it if root makes it. */
  readonly owner: Owner | undefined;
}

function fileOf({ file, config }: UserFlags): PasswordFile {
  if (file !== undefined) return { path: file, owner: undefined };
  const found = config ?? findConfig();
  if (found === undefined) {
    throw new Error("there is no configuration: name one with --config, or a file with --file");
  }
  const settings = loadSettings(found);
  const path = settings.auth?.passwords?.file;
  if (path !== undefined) {
    return { path, owner: startedByRoot() ? credentialsOf(settings) : undefined };
  }
  const message = "no file of passwords: set `auth: {passwords: {file: FILE}}`, or use --file";
  throw new ConfigError([{ file: found, message }]);
}

const textOf = (path: string): string => existsSync(path) ? readFileSync(path, "utf8") : "";

/** The text, which the server must be able to read. */
function sound(text: string, path: string): string {
  parsePasswords(text, path);
  return text;
}
