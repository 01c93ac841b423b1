/**
 * The part of the schema that is about those who check passwords, and what it makes.
 * @module
 */
import { existsSync } from "node:fs";
import { z } from "zod";
import { dovecot, type DovecotAddress } from "../auth/dovecot.ts";
import type { Authentication } from "../auth/authentication.ts";
import type { Passwords, ScramSecrets } from "../auth/exchange.ts";
import { httpCheck } from "../auth/http_check.ts";
import { saslauthd } from "../auth/saslauthd.ts";
import { exposureOf, UserFile } from "../auth/user_file.ts";
import { location, options, text } from "../base/kinds.ts";
import { inPlace } from "../base/reading.ts";
import type { Path } from "./document.ts";
import type { Finding } from "./explain.ts";
import { ca, certificatesIn, safeUrl, secretFile, secretIn } from "./web.ts";

/** What a configuration says of those who check passwords. */
export const passwordsSchema = options({
  file: location.optional().describe(
    "A file with the passwords' hashes, which `postmaster user` writes. It has no mailboxes: " +
      "these are `users`.",
  ).meta({ examples: ["passwords"] }),
  dovecot: text("the path of a socket, or `inet:HOST:PORT`", parseDovecot).optional().describe(
    "Dovecot, by the socket of its authentication service, or `inet:HOST:PORT`. It may check " +
      "passwords by PAM, LDAP or SQL.",
  ).meta({ examples: ["/var/run/dovecot/auth-client", "inet:127.0.0.1:12345"] }),
  saslauthd: location.optional().describe(
    "saslauthd of Cyrus SASL, by its socket. It may check passwords by PAM or LDAP.",
  ).meta({ examples: ["/var/run/saslauthd/mux"] }),
  http: options({
    url: safeUrl.describe(
      "The URL that gets a POST with each user and password: https, or http on this machine.",
    ).meta({ examples: ["https://auth.example.net/check"] }),
    tokenFile: secretFile("a bearer token for the server"),
    ca,
  }).optional().describe("A web server of your own."),
}).refine((given) => Object.values(given).filter((one) => one !== undefined).length === 1, {
  error: "one of its keys is needed, and only one: `file`, `dovecot`, `saslauthd` or `http`",
}).meta({ examples: [{ file: "passwords" }, { dovecot: "/var/run/dovecot/auth-client" }] });

/** Who checks passwords. */
export type PasswordsSettings = z.output<typeof passwordsSchema>;

function parseDovecot(text: string): DovecotAddress {
  if (!text.startsWith("inet:")) return { path: inPlace(text) };
  const [, host, port = ""] = /^inet:\[?(.+?)\]?:(\d{1,5})$/.exec(text) ?? [];
  if (host !== undefined && Number(port) <= 65_535) return { host, port: Number(port) };
  throw new TypeError(`\`${text}\` needs a host and a port, such as inet:127.0.0.1:12345`);
}

/** Opens a file that the setting at a path names; gives nothing if that fails. */
export type Open = <T>(path: Path, open: () => T) => T | undefined;

/** Those who check passwords. */
export interface OpenPasswords extends Disposable {
  readonly passwords?: Passwords | undefined;
  /** What SCRAM needs. */
  readonly secrets?: ScramSecrets | undefined;
  readonly start?: Authentication["start"];
}

/** Opens what the settings name. */
export function openPasswords(settings: PasswordsSettings, open: Open): OpenPasswords {
  if (settings.file !== undefined) return openFile(settings.file, open);
  if (settings.saslauthd !== undefined) return disposable(saslauthd(settings.saslauthd));
  if (settings.http !== undefined) return disposable(openHttp(settings.http, open));
  return disposable(dovecot(settings.dovecot!));
}

const disposable = (passwords: Passwords & Partial<Disposable>): OpenPasswords => ({
  passwords,
  [Symbol.dispose]: () => passwords[Symbol.dispose]?.(),
});

function openHttp(
  { url, tokenFile, ca }: NonNullable<PasswordsSettings["http"]>,
  open: Open,
): Passwords & Disposable {
  const token = tokenFile && open(["http", "token-file"], () => secretIn(tokenFile));
  const pem = ca && open(["http", "ca"], () => certificatesIn(ca));
  return httpCheck({ url, ca: pem || undefined, token: token || undefined });
}

function openFile(file: string, open: Open): OpenPasswords {
  const opened = open(["file"], () => new UserFile(file));
  return {
    passwords: opened?.users,
    secrets: opened?.users,
    start: (directory, log) => opened?.start(directory, log),
    [Symbol.dispose]: () => opened?.[Symbol.dispose](),
  };
}

/** What is no mistake, but hardly meant. */
export const doubtsOf = (settings: PasswordsSettings): readonly Finding[] => [
  ...absentSockets(settings),
  ...exposedFile(settings),
];

function exposedFile({ file }: PasswordsSettings): readonly Finding[] {
  const message = file && exposureOf(file);
  return message ? [{ path: ["file"], message }] : [];
}

/** The sockets that are not there: their servers may be started later. */
function absentSockets({ dovecot, saslauthd }: PasswordsSettings): readonly Finding[] {
  const sockets = {
    ...dovecot !== undefined && "path" in dovecot ? { dovecot: dovecot.path } : {},
    ...saslauthd === undefined ? {} : { saslauthd },
  };
  return Object.entries(sockets).filter(([_, path]) => !existsSync(path)).map(([key, path]) => ({
    path: [key],
    message: `there is no socket ${path}: start its server, or mend its path`,
  }));
}
