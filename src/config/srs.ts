/**
 * The part of the schema that is about rewritten senders.
 * @module
 */
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { z } from "zod";
import { cannotRead } from "../base/cannot_read.ts";
import { attempt, lifetime, location, options, text } from "../base/kinds.ts";
import { replaceFile } from "../base/replace_file.ts";
import { parseDuration } from "../base/units.ts";
import { Watched } from "../base/watched.ts";
import { canonicalName } from "../dns/name.ts";
import { isDomain, type Mailbox } from "../smtp/mailbox.ts";
import { Srs } from "../targets/srs.ts";

const DAY = 24 * 60 * 60 * 1000;
const MAX_AGE = "21 d";
const HASH_LENGTH = 8;
/** Characters of a secret that nobody guesses. */
const LEAST = 16;

/** The secrets in a file. */
function secretsIn(content: string): readonly string[] {
  const secrets = content.split("\n").map((line) => line.trimEnd()).filter((line) => line !== "");
  if (secrets.length > 0 && secrets.every((secret) => secret.length >= LEAST)) return secrets;
  throw new TypeError(
    `it must hold secrets of ${LEAST} characters or more, one a line: make one with ` +
      "`openssl rand -base64 24`",
  );
}

/** Opens a file of secrets, which is read again when it changes. */
function open(file: string): () => readonly string[] {
  try {
    const watched = new Watched(file, secretsIn);
    return () => watched.value;
  } catch (error) {
    throw error instanceof TypeError ? error : new TypeError(cannotRead(error));
  }
}

/** How the senders of forwarded mail are rewritten. */
export const srsSchema: z.ZodType<Srs, unknown> = options({
  domain: text("a domain", (name) => {
    if (isDomain(name) && !name.startsWith("[")) return canonicalName(name);
    throw new TypeError(`\`${name}\` is no domain: write one such as srs.example.net`);
  }).describe(
    "The domain of rewritten senders. Its mail must come to this server (MX), and the server must be " +
      "one that may send for it (SPF).",
  ).meta({ examples: ["example.net"] }),
  secretFile: location.transform(attempt(open)).describe(
    "A file with secrets, one a line, that nobody else may read: who knows one can have this server " +
      "send mail anywhere. The first one signs; senders that were signed with the others still lead " +
      "back, so put a new secret on top and remove the old one after `max-age`. It may change. " +
      "Files of PostSRSd have this form.",
  ).meta({ examples: ["/etc/postmaster/srs.secret"] }),
  maxAge: lifetime(DAY).prefault(MAX_AGE).describe("For how long a rewritten sender leads back."),
  hashLength: z.int().min(4).max(27).default(HASH_LENGTH).describe(
    "Characters of a signature, also the least that is taken. PostSRSd makes 4.",
  ),
}).transform(({ domain, secretFile, maxAge, hashLength }) =>
  new Srs({ domain, secrets: secretFile, maxAge, hashLength })
);

/**
 * The scheme for a domain, with a secret of the server's own in a file. While there is no such file, the secret is one
 * of this process alone.
 */
export function ownSrs(domain: string, file: string): Srs {
  let watched: Watched<readonly string[]> | undefined;
  const passing = [newSecret()];
  const secrets = () => {
    if (watched === undefined && !existsSync(file)) return passing;
    return (watched ??= new Watched(file, secretsIn)).value;
  };
  return new Srs({ domain, secrets, maxAge: parseDuration(MAX_AGE), hashLength: HASH_LENGTH });
}

/** Makes the file of a secret if there is none. */
export function keepSecret(file: string): void {
  if (!existsSync(file)) replaceFile(file, `${newSecret()}\n`);
}

const newSecret = (): string => randomBytes(24).toString("base64");

/** The sender of mail that is forwarded: local senders stay as they are. */
export function forwardedAs(
  srs: Srs,
  domains: readonly string[],
  sender: Mailbox,
  now: number,
): Mailbox {
  const isLocal = domains.some((domain) => canonicalName(domain) === canonicalName(sender.domain));
  return isLocal ? sender : srs.forward(sender, now);
}
