/**
 * A file of users and the secrets that their passwords are checked against.
 *
 * A line is `joe: SECRET SECRET`. A secret is a hash of argon2id (`$argon2id$…`) or bcrypt (`$2b$…`), or what SCRAM keeps
 * (`SCRAM-SHA-256$4096:SALT$STOREDKEY:SERVERKEY`, RFC 5803). `#` begins a comment. No password stands in it.
 * @module
 */
import { saslprep } from "@mongodb-js/saslprep";
import { messageOf } from "../base/message_of.ts";
import { ConfigError } from "../base/problem.ts";
import { readSecret, type UserSecrets } from "./user_secrets.ts";

/** The users of a file by their names. */
export type PasswordTable = ReadonlyMap<string, UserSecrets>;

/**
 * Reads a file.
 *
 * @param file its name, for messages
 * @throws {ConfigError} with all lines that are wrong; it does not repeat a secret
 */
export function parsePasswords(text: string, file: string): PasswordTable {
  const users = new Map<string, UserSecrets>();
  const problems = text.split("\n").flatMap((written, i) => {
    try {
      readLine(written, users);
      return [];
    } catch (error) {
      return [{ file, line: i + 1, message: messageOf(error) }];
    }
  });
  if (problems.length > 0) throw new ConfigError(problems);
  return users;
}

function readLine(line: string, users: Map<string, UserSecrets>): void {
  if (/^\s*(#|$)/.test(line)) return;
  const [, name, secrets] = /^([^\s:]+):\s*(.*?)\s*$/.exec(line) ?? [];
  if (name === undefined || !secrets) throw new TypeError("a line must be `user: SECRET`");
  if (users.has(name)) {
    throw new TypeError(`the user \`${name}\` is here for the second time: keep one`);
  }
  try {
    const all = secrets.split(/\s+/).map((secret) => readSecret(secret));
    const scram = Object.assign({}, ...all.map(({ scram }) => scram));
    users.set(name, { hash: all.findLast(({ hash }) => hash)?.hash, scram });
  } catch (error) {
    const cure = `make another one with \`postmaster user passwd ${name}\``;
    throw new TypeError(`a secret of \`${name}\` is of no use: ${messageOf(error)}; ${cure}`);
  }
}

/** A password as all clients should send it (RFC 4013); one that cannot be so stays as it is. */
export function prepared(password: string): string {
  try {
    return saslprep(password);
  } catch {
    return password;
  }
}
