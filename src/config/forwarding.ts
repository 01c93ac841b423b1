/**
 * The one switch for forwarding: what mail needs so that others take it although it does not come from its author's
 * servers.
 * @module
 */
import { join } from "node:path";
import { z } from "zod";
import { chosen, options } from "../base/kinds.ts";
import { signingDomain } from "./dkim_sign.ts";
import { keepSecret } from "./srs.ts";

/** The domain that forwards. */
export interface ForwardingSettings {
  readonly domain: string;
}

const mapping = options({
  domain: signingDomain.describe(
    "The domain that forwards: rewritten senders are in it, its keys sign bounces and seal the rest.",
  ).meta({ examples: ["example.net"] }),
});

/** The key `forwarding`. */
export const forwardingSchema: z.ZodOptional<z.ZodType<ForwardingSettings, unknown>> = chosen(
  (value): z.ZodType<ForwardingSettings> =>
    typeof value === "string" ? signingDomain.transform((domain) => ({ domain })) : mapping,
  () => z.union([signingDomain, mapping]),
).optional().describe(
  "Everything that mail needs which goes on to others, such as that of an alias in another domain, in " +
    "one switch: its senders are rewritten into this domain (`relay.srs`, with a secret that the " +
    "server makes), what the server has found out about them is sealed by the domain's key " +
    "(`arc-seal`), and mail of users is signed (`dkim-sign`), as are bounces, which are from " +
    "`MAILER-DAEMON` at this domain. What those keys say themselves counts. The domain needs keys: " +
    "`postmaster dkim generate` makes them.",
).meta({
  title: "a domain, or a mapping such as `{domain: example.net}`",
  examples: ["example.net", { domain: "example.net" }],
});

/** The file of the secret by which rewritten senders are known again. */
export const secretFile = (stateDirectory: string): string => join(stateDirectory, "srs.secret");

/** Makes the secret of a server that forwards. */
export function prepareForwarding({ forwarding, stateDirectory }: {
  readonly forwarding?: ForwardingSettings | undefined;
  readonly stateDirectory: string;
}): void {
  if (forwarding !== undefined) keepSecret(secretFile(stateDirectory));
}
