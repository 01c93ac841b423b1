/**
 * The part of the schema that is about authentication, and what it makes.
 * @module
 */
import { z } from "zod";
import type { Authentication } from "../auth/authentication.ts";
import type { Mechanism, ScramSecrets } from "../auth/exchange.ts";
import { guessesOptions } from "../../handlers/guesses.ts";
import { LOGIN, PLAIN } from "../auth/plain.ts";
import { scram } from "../auth/scram.ts";
import { options } from "../base/kinds.ts";
import { LISTENER_KINDS } from "../net/address.ts";
import { type Open, openPasswords, passwordsSchema } from "./passwords.ts";

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
  passwords: passwordsSchema.optional().describe(
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

/** Opens what the settings name. */
export function authenticationBy(
  { passwords, mechanisms, listeners, clearText }: AuthSettings,
  open: Open,
): Authentication & Disposable {
  const opened = passwords &&
    openPasswords(passwords, (path, one) => open(["passwords", ...path], one));
  return {
    passwords: opened?.passwords,
    mechanisms: mechanisms.flatMap((name) =>
      mechanismCalled(name, opened?.secrets, mechanisms) ?? []
    ),
    listeners,
    clearLoopback: clearText === "loopback",
    start: opened?.start,
    [Symbol.dispose]: () => opened?.[Symbol.dispose](),
  };
}

function mechanismCalled(
  name: AuthSettings["mechanisms"][number],
  secrets: ScramSecrets | undefined,
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
