/**
 * The part of the schema that is about authentication, and what it makes.
 * @module
 */
import { randomBytes } from "node:crypto";
import { z } from "zod";
import type { Authentication } from "../auth/authentication.ts";
import type { Mechanism } from "../auth/exchange.ts";
import { guessesOptions } from "../../handlers/guesses.ts";
import { Hashes } from "../auth/hashes.ts";
import { parsePasswords } from "../auth/password_file.ts";
import { LOGIN, PLAIN } from "../auth/plain.ts";
import { scram } from "../auth/scram.ts";
import { PasswordUsers } from "../auth/users.ts";
import { location, options } from "../base/kinds.ts";
import { Watched } from "../base/watched.ts";
import { LISTENER_KINDS } from "../net/address.ts";

/** The mechanisms, in the order in which they are offered by default. */
const MECHANISMS = [
  "PLAIN",
  "LOGIN",
  "SCRAM-SHA-256",
  "SCRAM-SHA-256-PLUS",
  "SCRAM-SHA-1",
] as const;

/** What a configuration says of authentication. */
export const authSchema = options({
  passwords: options({
    file: location.describe(
      "A file with the passwords' hashes, which `postmaster user` writes. It has no mailboxes: " +
        "these are `users`.",
    ).meta({ examples: ["passwords"] }),
  }).optional().describe(
    "What the server checks passwords against. Without this key, handlers of the event " +
      "`Authenticate` check them.",
  ),
  mechanisms: z.array(z.enum(MECHANISMS)).default(["PLAIN", "LOGIN", "SCRAM-SHA-256"]).describe(
    "The SASL mechanisms that the server offers, the preferred ones first. SCRAM needs `passwords: " +
      "{file: …}`.",
  ),
  listeners: z.array(z.enum(LISTENER_KINDS)).default(["submission", "submissions"])
    .describe("The kinds of listeners at which clients may authenticate."),
  guesses: guessesOptions.prefault({}).describe(
    "The options of the handler `guesses`, which stops clients that guess passwords.",
  ).meta({ examples: [{ address: 20, per: "30 min" }] }),
  clearText: z.enum(["never", "loopback"]).default("never").describe(
    "Whether clients may authenticate over a connection that is not encrypted: none, or those on " +
      "this machine.",
  ),
});

/** What the server needs for authentication. */
export type AuthSettings = z.output<typeof authSchema>;

/**
 * Opens what the settings name.
 *
 * @throws for a file that cannot be read or has a mistake
 */
export function authenticationBy(
  { passwords, mechanisms, listeners, clearText }: AuthSettings,
): Authentication & Disposable {
  const hashes = new Hashes();
  const users = passwords && usersOf(passwords.file, hashes);
  return {
    passwords: users,
    mechanisms: mechanisms.flatMap((name) => mechanismCalled(name, users, mechanisms) ?? []),
    listeners,
    clearLoopback: clearText === "loopback",
    [Symbol.dispose]: () => hashes[Symbol.dispose](),
  };
}

function usersOf(file: string, hashes: Hashes): PasswordUsers {
  const watched = new Watched(file, parsePasswords);
  return new PasswordUsers(() => watched.value, hashes, randomBytes(32));
}

function mechanismCalled(
  name: AuthSettings["mechanisms"][number],
  secrets: PasswordUsers | undefined,
  all: AuthSettings["mechanisms"],
): Mechanism | undefined {
  if (name === "PLAIN") return PLAIN;
  if (name === "LOGIN") return LOGIN;
  return secrets && scram({
    secrets,
    hash: name === "SCRAM-SHA-1" ? "sha1" : "sha256",
    plus: name === "SCRAM-SHA-256-PLUS",
    offersPlus: name === "SCRAM-SHA-256" && all.includes("SCRAM-SHA-256-PLUS"),
  });
}
