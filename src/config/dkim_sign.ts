/**
 * The part of the schema that is about signatures of mail that leaves.
 * @module
 */
import { join } from "node:path";
import { z } from "zod";
import { type FromText, lifetime, list, location, options, text } from "../base/kinds.ts";
import { canonicalName, isDnsName, withParents } from "../dns/name.ts";
import type { Log } from "../log/event.ts";
import { type Peers, UNIX } from "../net/peers.ts";
import { ArcSealer } from "../signing/arc_sealer.ts";
import { DkimSigner } from "../signing/dkim_signer.ts";
import { keyDirectory } from "../signing/key_directory.ts";
import { domainsIn } from "../signing/key_files.ts";
import type { SigningKeys } from "../signing/keys.ts";
import type { Libcrypto } from "../signing/libcrypto.ts";
import { Signatures } from "../signing/signatures.ts";
import { Signing } from "../signing/signing.ts";
import { peer } from "./peers.ts";

const HOUR = 60 * 60 * 1000;

/** A domain that signs. */
export const signingDomain: FromText<string> = text("a domain", (written) => {
  const name = canonicalName(written);
  if (isDnsName(name)) return name;
  throw new TypeError(`\`${written}\` is no domain: write one such as example.net`);
});

const field = text("the name of a header field", (name) => {
  if (/^[!-9;-~]+$/.test(name) && !/^(?:dkim-signature|arc-.*)$/i.test(name)) return name;
  throw new TypeError(`\`${name}\` is no header field that can be signed: write one such as X-Tag`);
});

/** How mail of the server's users is signed. */
export interface DkimSignSettings {
  readonly domains?: readonly string[] | undefined;
  readonly keys?: string | undefined;
  readonly networks: Peers;
  readonly fields: readonly string[];
  readonly validFor?: number | undefined;
}

/** The key `dkim-sign`. */
export const dkimSignSchema: z.ZodType<DkimSignSettings, unknown> = options({
  domains: list(signingDomain, "a list of domains such as [example.net]", 1).optional().describe(
    "The domains that sign; mail of a domain below one of them is signed by that one unless it has " +
      "keys of its own. Mail of these domains that leaves without a signature is an error in the " +
      "log. Without this, all domains sign that have keys.",
  ).meta({ examples: [["example.net"]] }),
  keys: location.optional().describe(
    "The directory of the keys, with a directory for each domain. The default is `dkim` in " +
      "`state-directory`, where `postmaster dkim generate` puts them.",
  ).meta({ examples: ["/etc/postmaster/dkim"] }),
  networks: list(peer).prefault(["127.0.0.0/8", "::1", UNIX]).describe(
    "The clients whose mail is signed although they have not authenticated, such as programs on " +
      "this machine. Mail of all others is only signed if they are users who have authenticated: " +
      "else anybody could have the server sign what it forwards. `unix` is every client of a Unix " +
      "socket.",
  ).meta({ examples: [["127.0.0.0/8", "10.0.0.0/8"]] }),
  fields: list(field).default([]).describe(
    "Fields that are signed beside the usual ones where a message has them.",
  ).meta({ examples: [["Feedback-ID"]] }),
  validFor: lifetime(HOUR).optional().describe(
    "How long a signature is valid (`x=`). It must be longer than mail waits in queues. Without " +
      "this, it does not end.",
  ).meta({ examples: ["30 d"] }),
}).describe(
  "Mail of the server's users that leaves by `relay` is signed by DKIM (RFC 6376) for the domain of " +
    "its author, with all keys of that domain. Without this key nothing is signed.",
).meta({ examples: [{}, { domains: ["example.net"] }] });

/** How mail from elsewhere is sealed. */
export interface ArcSealSettings {
  readonly domain: string;
}

/** The key `arc-seal`. */
export const arcSealSchema: z.ZodType<ArcSealSettings, unknown> = options({
  domain: signingDomain.describe(
    "The domain that seals, with one of the keys that `dkim-sign` would use for it: an RSA key if " +
      "it has one.",
  ).meta({ examples: ["example.net"] }),
}).describe(
  "Mail from elsewhere that leaves by `relay` is sealed by ARC (RFC 8617), if the server has checked " +
    "who sent it: later servers learn what it has found out, although its forwarding breaks SPF.",
).meta({ examples: [{ domain: "example.net" }] });

/** What a configuration says of signatures. */
export interface SigningSettings {
  readonly hostname: string;
  readonly authservId?: string | undefined;
  readonly stateDirectory: string;
  readonly dkimSign?: DkimSignSettings | undefined;
  readonly arcSeal?: ArcSealSettings | undefined;
}

/** What is used to sign. */
interface SigningOptions {
  readonly library: Libcrypto | undefined;
  readonly log: Log;
}

/** The directory of the keys. */
export const keysDirectory = ({ dkimSign, stateDirectory }: SigningSettings): string =>
  dkimSign?.keys ?? join(stateDirectory, "dkim");

/** Who signs what leaves; `undefined` if nobody does. */
export function signingOf(
  settings: SigningSettings,
  { library, log }: SigningOptions,
): Signing | undefined {
  const { hostname, authservId, dkimSign, arcSeal } = settings;
  if (dkimSign === undefined && arcSeal === undefined) return undefined;
  const directory = keysDirectory(settings);
  const keys = keyDirectory(directory);
  const common = { signatures: new Signatures(library), log, now: Date.now };
  const { domains, validFor, fields = [], networks = [] } = dkimSign ?? {};
  return new Signing({
    networks,
    own: dkimSign && new DkimSigner({
      ...{ ...common, keys: only(domains, keys), fields, lifetime: validFor },
      isExpected: (domain) => domains?.includes(domain) ?? domainsIn(directory).includes(domain),
    }),
    foreign: arcSeal &&
      new ArcSealer({ ...common, keys, domain: arcSeal.domain, authority: authservId ?? hostname }),
  });
}

/** The keys of these domains and of those below them. */
const only = (domains: readonly string[] | undefined, keys: SigningKeys): SigningKeys =>
  domains === undefined ? keys : {
    keysOf: (domain) =>
      withParents(domain).some((one) => domains.includes(one)) ? keys.keysOf(domain) : [],
  };
