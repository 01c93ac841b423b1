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
import type { Finding } from "./explain.ts";
import { externalBy, externalSchema } from "./external.ts";
import { oauthSchema, openOauth } from "./oauth.ts";
import { doubtsOf, type Open, openPasswords, passwordsSchema } from "./passwords.ts";

/** The mechanisms, in the order in which they are offered by default. */
const MECHANISMS = [
  "PLAIN",
  "LOGIN",
  "SCRAM-SHA-256",
  "SCRAM-SHA-256-PLUS",
  "SCRAM-SHA-1",
  "OAUTHBEARER",
  "XOAUTH2",
  "EXTERNAL",
] as const;

/** What the mechanisms need that clients do not send a password for. */
const NEEDS: { readonly [M in AuthSettings["mechanisms"][number]]?: "oauth" | "external" } = {
  OAUTHBEARER: "oauth",
  XOAUTH2: "oauth",
  EXTERNAL: "external",
};

/** What a configuration says of authentication. */
export const authSchema = options({
  passwords: passwordsSchema.optional().describe(
    "What the server checks passwords against. Without this key, handlers of the event " +
      "`Authenticate` check them.",
  ),
  mechanisms: z.array(z.enum(MECHANISMS)).default(["PLAIN", "LOGIN", "SCRAM-SHA-256"]).describe(
    "The SASL mechanisms that the server offers, the preferred ones first. SCRAM needs `passwords: " +
      "{file: …}`; OAUTHBEARER and XOAUTH2 need `oauth`; EXTERNAL needs `external`, and is offered to " +
      "clients with a certificate of a user.",
  ),
  oauth: oauthSchema.optional().describe(
    "Access tokens of OAuth 2.0, for the mechanisms OAUTHBEARER (RFC 7628) and XOAUTH2.",
  ),
  external: externalSchema.optional().describe(
    "Users whose certificates say who they are, for the mechanism EXTERNAL. Only certificates that " +
      "lead to `tls.client-ca` count.",
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
}).superRefine(({ mechanisms, ...settings }, context) => {
  for (const [i, name] of mechanisms.entries()) {
    const lacking = needOf(name, mechanisms, settings);
    if (lacking === undefined) continue;
    const message = `\`${name}\` needs ${lacking}: add that, or remove \`${name}\``;
    context.addIssue({ code: "custom", message, path: ["mechanisms", i] });
  }
}).meta({ examples: [{ passwords: { file: "passwords" } }] });

/** What a mechanism lacks. SCRAM-SHA-256 is one by default, and is left out beside PLAIN if nobody has secrets for it. */
function needOf(
  name: typeof MECHANISMS[number],
  mechanisms: readonly string[],
  { passwords, ...settings }: Pick<AuthSettings, "passwords" | "oauth" | "external">,
): string | undefined {
  const key = NEEDS[name];
  if (key !== undefined) return settings[key] === undefined ? `the key \`${key}\`` : undefined;
  const isLeftOut = name === "SCRAM-SHA-256" && mechanisms.includes("PLAIN");
  const hasFile = passwords?.file !== undefined;
  return !name.startsWith("SCRAM-") || hasFile || isLeftOut ? undefined : "`passwords: {file: …}`";
}

/** What the server needs for authentication. */
export type AuthSettings = z.output<typeof authSchema>;

/** What is no mistake, but hardly meant. */
export function doubtsAbout(settings: AuthSettings | undefined): readonly Finding[] {
  if (settings === undefined) return [];
  const { passwords, mechanisms } = settings;
  const doubts = passwords === undefined ? [] : doubtsOf(passwords);
  const unused = (["oauth", "external"] as const).filter((key) =>
    settings[key] !== undefined && !mechanisms.some((name) => NEEDS[name] === key)
  );
  return [
    ...doubts.map(({ path, message }) => ({ path: ["auth", "passwords", ...path], message })),
    ...unused.map((key) => {
      const users = MECHANISMS.filter((name) => NEEDS[name] === key).join("` or `");
      return {
        path: ["auth", key],
        message: `no mechanism uses this: add \`${users}\` to \`mechanisms\``,
      };
    }),
  ];
}

/** Opens what the settings name. */
export function authenticationBy(
  { passwords, oauth, external, mechanisms, listeners, clearText }: AuthSettings,
  open: Open,
): Authentication & Disposable {
  const below = (key: string): Open => (path, one) => open([key, ...path], one);
  using opening = new DisposableStack();
  const checked = opening.use(passwords && openPasswords(passwords, below("passwords")));
  const bearer = opening.use(oauth && openOauth(oauth, below("oauth")));
  const all = [
    PLAIN,
    LOGIN,
    ...checked?.secrets === undefined ? [] : scramBy(checked.secrets, mechanisms),
    ...bearer?.mechanisms ?? [],
    ...external === undefined ? [] : [externalBy(external)],
  ];
  const opened = opening.move();
  return {
    passwords: checked?.passwords,
    mechanisms: mechanisms.flatMap((name) => all.find((one) => one.name === name) ?? []),
    listeners,
    clearLoopback: clearText === "loopback",
    start: checked?.start,
    [Symbol.dispose]: () => opened.dispose(),
  };
}

function scramBy(
  secrets: ScramSecrets,
  named: AuthSettings["mechanisms"],
): readonly Mechanism[] {
  const offersPlus = named.includes("SCRAM-SHA-256-PLUS");
  return [
    scram({ secrets, hash: "sha256", offersPlus }),
    scram({ secrets, hash: "sha256", plus: true }),
    scram({ secrets, hash: "sha1" }),
  ];
}
