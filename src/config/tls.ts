/**
 * The part of the schema that is about TLS.
 * @module
 */
import { z } from "zod";
import type { AcmeSettings } from "../acme/settings.ts";
import { location, options } from "../base/kinds.ts";
import type { TlsSettings } from "../tls/certificates.ts";
import type { KeyFiles } from "../tls/key_pair.ts";
import { acmeSchema } from "./acme.ts";
import type { Path } from "./document.ts";

const certificate = location.describe(
  "The server's certificate, followed by those that lead to a root: certbot's `fullchain.pem`.",
).meta({ examples: ["/etc/letsencrypt/live/mx.example.net/fullchain.pem"] });
const key = location.describe("The private key, without a passphrase.")
  .meta({ examples: ["/etc/letsencrypt/live/mx.example.net/privkey.pem"] });

const pair: z.ZodType<KeyFiles> = options({ certificate, key });

/** The settings, in which each pair knows its place below `tls`. */
interface PlacedTlsSettings extends TlsSettings {
  readonly certificates: readonly (KeyFiles & { readonly at: Path })[];
  readonly acme?: AcmeSettings | undefined;
}

/** What a configuration says of TLS. */
export const tlsSchema = options({
  certificate: certificate.optional(),
  key: key.optional(),
  certificates: z.array(pair, { error: "a list, each item `{certificate: FILE, key: FILE}`" })
    .default([]).describe(
      "Further pairs. The server name that the client asks for chooses the pair; the first one is " +
        "for all other clients.",
    ).meta({ examples: [[{ certificate: "example.org.pem", key: "example.org.key" }]] }),
  acme: acmeSchema.optional().describe(
    "A certificate that the server gets by itself, from an authority such as Let's Encrypt, and renews " +
      "(RFC 8555). It comes after those that are named here.",
  ).meta({ examples: [{ email: "admin@example.net", agree: true }] }),
  minimum: z.enum(["TLSv1.2", "TLSv1.3"]).default("TLSv1.2")
    .describe("The oldest version that the server speaks."),
  clientCertificates: z.enum(["off", "request", "require"]).default("off").describe(
    "Whether clients are asked for a certificate. With `require`, only a client with one that " +
      "leads to `client-ca` gets through.",
  ),
  clientCa: location.optional().describe("The certificates that a client's must lead to.")
    .meta({ examples: ["/etc/postmaster/clients.pem"] }),
}).transform(({ certificate, key, certificates, ...rest }, context): PlacedTlsSettings => {
  const fault = (message: string) => {
    context.addIssue({ code: "custom", message });
    return z.NEVER;
  };
  if (rest.clientCertificates !== "off" && rest.clientCa === undefined) {
    return fault("`client-certificates` needs `client-ca`, the certificates that they lead to");
  }
  const lacking = (certificate === undefined) !== (key === undefined);
  const none = certificate === undefined && certificates.length === 0 && rest.acme === undefined;
  if (lacking || none) {
    return fault(
      "a certificate and its key are needed: `{certificate: FILE, key: FILE}`, or `acme` to get one",
    );
  }
  const own = certificate === undefined || key === undefined ? [] : [{ certificate, key, at: [] }];
  const others = certificates.map((pair, i) => ({ ...pair, at: ["certificates", i] }));
  return { ...rest, certificates: [...own, ...others] };
});
