/**
 * Changes to a password file, which keep its comments and its other lines as they are.
 * @module
 */
import { randomBytes, randomInt } from "node:crypto";
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { dirname } from "node:path";
import { replaceFile } from "../base/replace_file.ts";
import type { Hashes } from "./hashes.ts";
import { prepared } from "./password_file.ts";
import { scramKeys } from "./scram.ts";
import { printScram } from "./user_secrets.ts";
import { ITERATIONS } from "./users.ts";

/** The line of a user: a hash for the mechanisms that send the password, and the secret of SCRAM-SHA-256. */
export async function userLine(name: string, password: string, hashes: Hashes): Promise<string> {
  const text = prepared(password);
  const salt = randomBytes(16);
  const keys = await scramKeys(text, salt, ITERATIONS, "sha256");
  const secret = printScram("sha256", { salt, iterations: ITERATIONS, ...keys });
  return `${name}: ${await hashes.make(text)} ${secret}`;
}

/** The text with `line` in the place of a user's, or at the end. */
export function withUser(text: string, name: string, line: string): string {
  const lines = linesOf(text);
  const at = lines.findIndex((one) => isOf(one, name));
  return `${(at < 0 ? [...lines, line] : lines.with(at, line)).join("\n")}\n`;
}

/** The text without a user. */
export function withoutUser(text: string, name: string): string {
  return linesOf(text).filter((one) => !isOf(one, name)).map((one) => `${one}\n`).join("");
}

/** Whether the text has a user, also if the rest of the line makes no sense. */
export const hasUser = (text: string, name: string): boolean =>
  linesOf(text).some((one) => isOf(one, name));

const isOf = (line: string, name: string): boolean => line.startsWith(`${name}:`);

const linesOf = (text: string): string[] => text === "" ? [] : text.replace(/\n$/, "").split("\n");

/** Who owns a new file. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Changes a file while no other process changes it; it keeps its owner and its permissions. A file that is missing is
 * empty; a new one is `owner`'s alone.
 *
 * @param change the new text of an old one; what it throws leaves the file as it is
 */
export async function changeFile(
  path: string,
  owner: Owner | undefined,
  change: (text: string) => string,
): Promise<void> {
  const file = existsSync(path) ? realpathSync(path) : path;
  using directory = await Deno.open(dirname(file)); // the file itself is replaced: its lock would go with it
  await directory.lock(true);
  const text = change(existsSync(file) ? readFileSync(file, "utf8") : "");
  replaceFile(file, text, { keepMode: true, owner });
}

/** Characters that nobody takes for one another. */
const ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789";

/** A password that nobody guesses: 20 characters in groups, with 99 bits. */
export const generatedPassword = (): string =>
  Array.from(
    { length: 4 },
    () => Array.from({ length: 5 }, () => ALPHABET[randomInt(ALPHABET.length)]).join(""),
  ).join("-");
