/**
 * A file of users and the secrets that their passwords are checked against.
 *
 * A line is `joe: SECRET SECRET`. A secret is a hash of argon2id (`$argon2id$…`) or bcrypt (`$2b$…`), or what SCRAM keeps
 * (`SCRAM-SHA-256$4096:SALT$STOREDKEY:SERVERKEY`, RFC 5803). `#` begins a comment. No password stands in it.
 * @module
 */
import { Buffer } from "node:buffer";
import { saslprep } from "@mongodb-js/saslprep";
import type { ScramHash, ScramSecret } from "./exchange.ts";

/** What is kept of a user's password. */
export interface UserSecrets {
  /** A hash that a password can be checked against. */
  readonly hash: string | undefined;
  readonly scram: { readonly [H in ScramHash]?: ScramSecret };
}

/** The users of a file by their names. */
export type PasswordTable = ReadonlyMap<string, UserSecrets>;

/** A line that is wrong. */
export class PasswordFileError extends Error {
  override name = "PasswordFileError";

  /** @param line its number, from 1 */
  constructor(readonly line: number, message: string) {
    super(message);
  }
}

/**
 * Reads a file.
 *
 * @throws {PasswordFileError} for the first line that is wrong; it does not repeat a secret
 */
export function parsePasswords(text: string): PasswordTable {
  const users = new Map<string, UserSecrets>();
  for (const [i, line] of text.split("\n").entries()) {
    if (/^\s*(#|$)/.test(line)) continue;
    const wrong = (message: string) => new PasswordFileError(i + 1, message);
    const [, name, secrets] = /^([^\s:]+):\s*(.*?)\s*$/.exec(line) ?? [];
    if (name === undefined || !secrets) throw wrong("a line must be `user: SECRET`");
    if (users.has(name)) throw wrong(`the user \`${name}\` is here for the second time: keep one`);
    users.set(name, readSecrets(name, secrets.split(/\s+/), wrong));
  }
  return users;
}

function readSecrets(
  name: string,
  secrets: readonly string[],
  wrong: (message: string) => Error,
): UserSecrets {
  let hash: string | undefined;
  const scram: { [H in ScramHash]?: ScramSecret } = {};
  for (const secret of secrets) {
    const stored = parseScram(secret);
    if (stored !== undefined) scram[stored.hash] = stored.secret;
    else if (HASH.test(secret)) hash = secret.replace(/^\{[^}]*\}/, "");
    else {
      throw wrong(
        `a secret of \`${name}\` is of no kind that is known: make one with postmaster user passwd ${name}`,
      );
    }
  }
  return { hash, scram };
}

/** argon2id and bcrypt, also with the name that Dovecot's tools put before them. */
const HASH =
  /^(\{ARGON2ID\})?\$argon2id\$v=19\$m=\d+,t=\d+,p=\d+\$[\w+/]+\$[\w+/]+$|^(\{BLF-CRYPT\})?\$2[aby]\$\d\d\$[\w./]{53}$/;

const SCRAM = /^SCRAM-(SHA-256|SHA-1)\$(\d{1,9}):([\w+/=]+)\$([\w+/=]+):([\w+/=]+)$/;

function parseScram(
  text: string,
): { readonly hash: ScramHash; readonly secret: ScramSecret } | undefined {
  const [, name, iterations, salt = "", storedKey = "", serverKey = ""] = SCRAM.exec(text) ?? [];
  if (name === undefined) return undefined;
  const secret = {
    salt: Buffer.from(salt, "base64"),
    iterations: Number(iterations),
    storedKey: Buffer.from(storedKey, "base64"),
    serverKey: Buffer.from(serverKey, "base64"),
  };
  return { hash: name === "SHA-1" ? "sha1" : "sha256", secret };
}

/** The mechanisms that a user's secrets are good for. */
export const mechanismsOf = ({ hash, scram }: UserSecrets): readonly string[] => [
  ...hash === undefined ? [] : ["PLAIN", "LOGIN"],
  ...scram.sha256 === undefined ? [] : ["SCRAM-SHA-256"],
  ...scram.sha1 === undefined ? [] : ["SCRAM-SHA-1"],
];

/** A secret of SCRAM as the file has it. */
export function printScram(
  hash: ScramHash,
  { salt, iterations, storedKey, serverKey }: ScramSecret,
): string {
  const [a, b, c] = [salt, storedKey, serverKey].map((one) => Buffer.from(one).toString("base64"));
  return `SCRAM-${hash === "sha1" ? "SHA-1" : "SHA-256"}$${iterations}:${a}$${b}:${c}`;
}

/** A password as all clients should send it (RFC 4013); one that cannot be so stays as it is. */
export function prepared(password: string): string {
  try {
    return saslprep(password);
  } catch {
    return password;
  }
}
