/**
 * The part of the schema that is about getting certificates by ACME.
 * @module
 */
import { z } from "zod";
import type { AcmeSettings } from "../acme/settings.ts";
import { isNumeric } from "../base/ip.ts";
import { command, keyAsWritten, location, options, text } from "../base/kinds.ts";
import { inPlace } from "../base/reading.ts";
import { canonicalName } from "../dns/name.ts";
import { parseListen } from "../net/address.ts";
import { isDomain } from "../smtp/mailbox.ts";

/** The authority that most use: Let's Encrypt. */
const LETS_ENCRYPT = "https://acme-v02.api.letsencrypt.org/directory";

const directory = text("the URL of an ACME directory", (url) => {
  if (URL.parse(url)?.protocol === "https:") return url;
  throw new TypeError(
    `\`${url}\` is no URL of an ACME directory: write one such as ${LETS_ENCRYPT}`,
  );
});

const email = text("an address such as admin@example.net", (address) => {
  if (/^[^\s@,:?&]+@[^\s@,:?&]+$/.test(address)) return address;
  throw new TypeError(`\`${address}\` is no address: write one such as admin@example.net`);
});

const domain = text("a domain", (name) => {
  const wildcard = name.startsWith("*.") ? "*." : "";
  const plain = canonicalName(name.slice(wildcard.length));
  if (isDomain(plain) && !plain.startsWith("[") && !isNumeric(plain)) return wildcard + plain;
  throw new TypeError(`\`${name}\` is no domain: write one such as mx.example.net`);
});

const listen = text("an address such as `*:80`", (address) => {
  const parsed = parseListen(address);
  if (parsed.transport !== "unix") return parsed;
  throw new TypeError("an authority cannot reach a Unix socket: write `*:80`, or `fd:3`");
});

const TERMS = "the authority's terms of service must be agreed to: read them " +
  "(Let's Encrypt's are at https://letsencrypt.org/repository/), then write `agree: true`";

/** What a configuration says of ACME. */
export const acmeSchema = options({
  email: email.describe(
    "Where the authority may write to. It learns this when it makes your account.",
  )
    .meta({ examples: ["admin@example.net"] }),
  agree: z.boolean({ error: "`true`" }).default(false).describe(
    "Whether you agree to the authority's terms of service. Without `true` there is no account.",
  ).meta({ examples: [true] }),
  directory: directory.prefault(LETS_ENCRYPT).describe("The URL of the authority's ACME directory.")
    .meta({ examples: ["https://acme-staging-v02.api.letsencrypt.org/directory"] }),
  domains: z.array(domain, { error: "a list of domains, such as [mx.example.net]" }).min(1)
    .optional().describe(
      "The domains of the certificate; the default is `hostname`. With `dns-hook`, one may begin " +
        "with `*.`.",
    ).meta({ examples: [["mx.example.net", "mail.example.net"]] }),
  listen: listen.optional().describe(
    "Where to listen for the authority (HTTP-01), which connects to port 80 of each domain: `*:80`, " +
      "which is the default, or `fd:3` for a socket that systemd hands over.",
  ).meta({ examples: ["*:80", "fd:3"] }),
  dnsHook: command("[/etc/postmaster/dns-hook]").transform(placed).optional().describe(
    "Instead of that, a program that changes the zone (DNS-01), with its arguments, without a " +
      "shell. It is called with three more: `add` or `remove`, the name of a TXT record, and the " +
      "value. It ends when the record is, or is no longer, on all servers of the zone.",
  ).meta({ examples: [["/etc/postmaster/dns-hook"]] }),
  ca: location.optional().describe(
    "The certificates that the authority's own must lead to, for an authority within your network.",
  ).meta({ examples: ["/etc/postmaster/authority.pem"] }),
}).transform(({ agree, listen, dnsHook, ...rest }, context): AcmeSettings => {
  const fault = (key: string, message: string) =>
    context.addIssue({ code: "custom", message, path: [keyAsWritten(key)] });
  if (!agree) fault("agree", TERMS);
  if (listen !== undefined && dnsHook !== undefined) {
    fault("listen", "with `dns-hook` nobody connects there: leave out one of them");
  }
  if (dnsHook === undefined && rest.domains?.some((name) => name.startsWith("*."))) {
    fault("domains", "a certificate for `*.` needs `dns-hook`");
  }
  const challenge = dnsHook === undefined ? { listen: listen ?? parseListen("*:80") } : { dnsHook };
  return { ...rest, challenge };
});

/** A program with a slash in its name begins at the directory of the configuration. */
function placed([program = "", ...args]: readonly string[]): readonly string[] {
  return [program.includes("/") ? inPlace(program) : program, ...args];
}
