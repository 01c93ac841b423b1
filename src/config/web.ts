/**
 * The parts of the schema that are about web servers, and the files that go with them.
 * @module
 */
import { X509Certificate } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import type { z } from "zod";
import { cannotRead } from "../base/cannot_read.ts";
import { parseIp } from "../base/ip.ts";
import { type FromText, location, text } from "../base/kinds.ts";
import { messageOf } from "../base/message_of.ts";
import { Watched } from "../base/watched.ts";

/** A URL that passwords and tokens may be sent to. */
export const safeUrl: FromText<URL> = text(
  "a URL such as https://HOST/PATH",
  (written) => {
    const url = URL.parse(written);
    if (url === null) throw new TypeError(`\`${written}\` is no URL: write https://HOST/PATH`);
    if (url.protocol !== "https:" && !(url.protocol === "http:" && isHere(url.hostname))) {
      throw new TypeError(
        `others could read what is sent to ${url.protocol}//${url.host}: use https, or a server on ` +
          "this machine",
      );
    }
    if (url.username !== "" || url.password !== "") {
      throw new TypeError("a URL with a password shows it to others: put a token into a file");
    }
    return url;
  },
);

/** Whether a host is this machine, without a look at the DNS. */
const isHere = (host: string): boolean =>
  host === "localhost" || parseIp(host.replace(/^\[|\]$/g, ""))?.range() === "loopback";

/** Certification authorities of a web server. */
export const ca: z.ZodType<string | undefined, string | undefined> = location.optional().describe(
  "A file with the certificates that the server's may lead to, besides those that the system trusts.",
).meta({ examples: ["/etc/postmaster/ca.pem"] });

/** A file with nothing but a secret. */
export const secretFile = (what: string): z.ZodType<string | undefined, string | undefined> =>
  location.optional().describe(`A file with ${what}, and nothing else. It may change.`)
    .meta({ examples: ["token"] });

/** The secret in a file, which is read again when it changes. */
export function secretIn(file: string): () => string {
  const watched = new Watched(file, (text) => {
    if (/^[\x21-\x7e]+$/.test(text.trim())) return text.trim();
    throw new TypeError("it must hold one word of printable ASCII, and nothing else");
  });
  return () => watched.value;
}

/** The certificates in a file. */
export function certificatesIn(file: string): string {
  const pem = readFileSync(file, "utf8");
  new X509Certificate(pem); // throws for what is none
  return pem;
}

/** As {@linkcode certificatesIn}. Throws a TypeError that says what is wrong with the file. */
export function openCertificates(file: string): string {
  try {
    return certificatesIn(file);
  } catch (error) {
    throw new TypeError(
      existsSync(file)
        ? `${file} has no certificate in PEM: ${messageOf(error)}`
        : cannotRead(error),
    );
  }
}
