/**
 * Changes to a password file, which keep its comments and its other lines as they are.
 * @module
 */
import { randomBytes, randomInt } from "node:crypto";
import {
  closeSync,
  existsSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import type { Hashes } from "./hashes.ts";
import { prepared, printScram } from "./password_file.ts";
import { scramKeys } from "./scram.ts";
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
  const at = lines.findIndex((one) => one.startsWith(`${name}:`));
  return `${(at < 0 ? [...lines, line] : lines.with(at, line)).join("\n")}\n`;
}

/** The text without a user. */
export function withoutUser(text: string, name: string): string {
  return linesOf(text).filter((one) => !one.startsWith(`${name}:`)).map((one) => `${one}\n`).join(
    "",
  );
}

const linesOf = (text: string): string[] => text === "" ? [] : text.replace(/\n$/, "").split("\n");

/** Who owns a new file. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Replaces a file at once: whoever reads it sees the old text or the new one. It keeps its owner and its permissions; a
 * new one is `owner`'s alone.
 */
export function replaceFile(path: string, text: string, owner?: Owner): void {
  const old = existsSync(path) ? statSync(path) : undefined;
  const fresh = `${path}.${randomBytes(6).toString("hex")}`;
  try {
    const file = openSync(fresh, "wx", 0o600);
    try {
      writeSync(file, text);
      const { uid, gid } = old ?? owner ?? {};
      if (uid !== undefined && gid !== undefined && (uid !== Deno.uid() || gid !== Deno.gid())) {
        fchownSync(file, uid, gid);
      }
      if (old !== undefined) fchmodSync(file, old.mode & 0o777);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(fresh, path);
  } catch (error) {
    rmSync(fresh, { force: true });
    throw error;
  }
  const directory = openSync(dirname(path), "r");
  fsyncSync(directory);
  closeSync(directory);
}

/** Characters that nobody takes for one another. */
const ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789";

/** A password that nobody guesses: 20 characters in groups, with 99 bits. */
export const newPassword = (): string =>
  Array.from(
    { length: 4 },
    () => Array.from({ length: 5 }, () => ALPHABET[randomInt(ALPHABET.length)]).join(""),
  ).join("-");
