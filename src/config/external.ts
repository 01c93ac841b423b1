/**
 * The part of the schema that is about users with certificates, and what it makes.
 * @module
 */
import { z } from "zod";
import { external } from "../auth/external.ts";
import type { Mechanism } from "../auth/exchange.ts";
import { options } from "../base/kinds.ts";

const user = z.string({ error: "the name of a user" }).min(1, { error: "the name of a user" });
/** Users by fingerprints, which people write in several ways. */
function digitsOf(
  users: Readonly<Record<string, string>>,
  context: z.RefinementCtx,
): Readonly<Record<string, string>> {
  const read = Object.entries(users).map(([written, name]) => {
    const digits = written.replaceAll(":", "").toLowerCase();
    if (!/^[\da-f]{64}$/.test(digits)) {
      const message =
        `\`${written}\` is no fingerprint: write a SHA-256 fingerprint, 64 hexadecimal digits`;
      context.addIssue({ code: "custom", message, path: [written] });
    }
    return [digits, name];
  });
  return Object.fromEntries(read);
}

/** What a configuration says of users with certificates. */
export const externalSchema = options({
  subjects: z.record(z.string(), user, { error: "a mapping such as `CN=joe,O=Example: joe`" })
    .default({}).describe(
      "Users by the subjects of their certificates, as `openssl x509 -in FILE -noout -subject " +
        "-nameopt RFC2253,-esc_msb,utf8` prints them.",
    ).meta({ examples: [{ "CN=joe,O=Example": "joe" }] }),
  fingerprints: z.record(z.string(), user, { error: "a mapping such as `FINGERPRINT: joe`" })
    .default({}).transform(digitsOf).describe(
      "Users by the SHA-256 fingerprints of their certificates, as `openssl x509 -in FILE -noout " +
        "-fingerprint -sha256` prints them.",
    ).meta({ examples: [{ ["0123456789abcdef".repeat(4)]: "joe" }] }),
}).refine(
  ({ subjects, fingerprints }) => Object.keys({ ...subjects, ...fingerprints }).length > 0,
  {
    error: "nobody is a user by a certificate: name one in `subjects` or `fingerprints`",
  },
);

/** The mechanism EXTERNAL. */
export const externalBy = (
  { subjects, fingerprints }: z.output<typeof externalSchema>,
): Mechanism =>
  external({
    subjects: new Map(Object.entries(subjects)),
    fingerprints: new Map(Object.entries(fingerprints)),
  });
