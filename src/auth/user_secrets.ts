/**
 * What is kept of a user's password, and how it is written.
 * @module
 */
import { Buffer } from "node:buffer";
import type { ScramHash, ScramSecret } from "./exchange.ts";

/** What is kept of a user's password. */
export interface UserSecrets {
  /** A hash that a password can be checked against. */
  readonly hash: string | undefined;
  readonly scram: { readonly [H in ScramHash]?: ScramSecret };
}

/** The mechanisms that a user's secrets are good for. */
export const mechanismsOf = ({ scram }: UserSecrets): readonly string[] => [
  "PLAIN",
  "LOGIN",
  ...scram.sha256 === undefined ? [] : ["SCRAM-SHA-256"],
  ...scram.sha1 === undefined ? [] : ["SCRAM-SHA-1"],
];

/**
 * Reads one secret, and refuses those that would keep a thread busy for seconds.
 *
 * @throws {TypeError} that says what is wrong and does not repeat the secret
 */
export function readSecret(text: string): Partial<UserSecrets> {
  const [, hash] = /^(?:\{(?:ARGON2ID|BLF-CRYPT|CRYPT)\})?(\$.*)$/.exec(text) ?? [];
  if (hash === undefined) return { scram: readScram(text) };
  if (BCRYPT.test(hash)) refuseAbove("the cost of bcrypt", Number(hash.slice(4, 6)), MOST.cost);
  else readArgon2(hash);
  return { hash };
}

/** The most that a login may cost: about a second of a thread, or 256 MiB. */
const MOST = { cost: 14, memory: 262_144, work: 1_048_576, iterations: 1_000_000 } as const;

const BCRYPT = /^\$2[aby]\$(?:0[4-9]|[12]\d|3[01])\$[\w./]{53}$/;
const ARGON2 = /^\$argon2id\$v=19\$m=(\d{1,9}),t=(\d{1,9}),p=(\d{1,9})\$([\w+/]+)\$([\w+/]+)$/;

function readArgon2(hash: string): void {
  const [, memory = 0, passes = 0, lanes = 0, salt = "", digest = ""] = ARGON2.exec(hash) ?? [];
  const fits = octetsOf(salt) >= 8 && octetsOf(digest) >= 4;
  if (!fits || +passes < 1 || +lanes < 1 || +memory < 8 * +lanes) throw UNKNOWN;
  refuseAbove("the memory m of argon2", +memory, MOST.memory);
  refuseAbove("the memory m times the passes t of argon2", +memory * +passes, MOST.work);
}

/** As SCRAM's secrets are in files of their own (RFC 5803), and as Dovecot's tools write them. */
const SCRAM =
  /^(?:SCRAM-(SHA-256|SHA-1)\$(\d{1,9}):([\w+/=]+)\$([\w+/=]+):([\w+/=]+)|\{SCRAM-(SHA-256|SHA-1)\}(\d{1,9}),([\w+/=]+),([\w+/=]+),([\w+/=]+))$/;
const LENGTH: { readonly [H in ScramHash]: number } = { sha256: 32, sha1: 20 };

function readScram(text: string): UserSecrets["scram"] {
  const [name, iterations = 0, ...parts] = SCRAM.exec(text)?.slice(1).filter(Boolean) ?? [];
  if (name === undefined) throw UNKNOWN;
  const [salt, storedKey, serverKey] = parts.map((part) => Buffer.from(part, "base64"));
  const hash = name === "SHA-1" ? "sha1" : "sha256";
  const areKeys = [storedKey, serverKey].every((key) => key?.length === LENGTH[hash]);
  if (!areKeys || +iterations < 1) throw UNKNOWN;
  refuseAbove("the iterations of SCRAM", +iterations, MOST.iterations);
  const secret = { salt: salt!, storedKey: storedKey!, serverKey: serverKey! };
  return { [hash]: { ...secret, iterations: Number(iterations) } };
}

const UNKNOWN = new TypeError(
  "it is neither a hash of argon2id or bcrypt nor a secret of SCRAM",
);

const octetsOf = (base64: string): number => Math.floor(base64.length * 3 / 4);

function refuseAbove(what: string, value: number, most: number): void {
  if (value <= most) return;
  throw new TypeError(
    `${what} is ${value}, and a login would take too long with more than ${most}`,
  );
}

/** A secret of SCRAM as the file has it. */
export function printScram(
  hash: ScramHash,
  { salt, iterations, storedKey, serverKey }: ScramSecret,
): string {
  const [a, b, c] = [salt, storedKey, serverKey].map((one) => Buffer.from(one).toString("base64"));
  return `SCRAM-${hash === "sha1" ? "SHA-1" : "SHA-256"}$${iterations}:${a}$${b}:${c}`;
}
