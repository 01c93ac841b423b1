/**
 * The one switch for forwarding: what mail needs so that others take it although it does not come from its author's
 * servers.
 * @module
 */
import { join } from "node:path";
import { z } from "zod";
import { chosen, options } from "../base/kinds.ts";
import type { NamedHandler } from "../handler/entry.ts";
import { dkimSignSchema, signingDomain } from "./dkim_sign.ts";
import type { Finding } from "./explain.ts";
import type { Faults } from "./faults.ts";
import type { Settings } from "./schema.ts";
import type { ReadSettings } from "./settings.ts";
import { keepSecret, ownSrs } from "./srs.ts";

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
const secretFile = (stateDirectory: string): string => join(stateDirectory, "srs.secret");

/** The settings with what the switch stands for. What they say themselves comes first. */
export function withForwarding(settings: Settings, stateDirectory: string): Settings {
  const { forwarding, relay, queue, arcSeal, dkimSign = dkimSignSchema.parse({}) } = settings;
  if (forwarding === undefined || relay === undefined) return settings;
  const { domain } = forwarding;
  const domains = dkimSign.domains && [...new Set([...dkimSign.domains, domain])];
  const from = queue?.bounces.from ?? `MAILER-DAEMON@${domain}`;
  return {
    ...settings,
    relay: { ...relay, srs: relay.srs ?? ownSrs(domain, secretFile(stateDirectory)) },
    arcSeal: arcSeal ?? { domain },
    dkimSign: { ...dkimSign, domains },
    queue: queue && { ...queue, bounces: { ...queue.bounces, from } },
  };
}

/** Makes the secret of a server that forwards. */
export function prepareForwarding(
  { forwarding, stateDirectory }: Pick<Settings, "forwarding"> & {
    readonly stateDirectory: string;
  },
): void {
  if (forwarding !== undefined) keepSecret(secretFile(stateDirectory));
}

/** What is forwarded is sent on by the server itself. */
export function checkForwarding({ settings, wrong }: ReadSettings, faults: Faults): void {
  const { forwarding, relay } = settings;
  if (forwarding === undefined || wrong.has("relay")) return;
  const fault = relay === undefined
    ? "nothing says how mail is sent on: add `relay: {mx: {}}`"
    : "command" in relay
    ? "mail that a program sends on is not sealed: write `relay: {mx: {}}` instead of a `command`"
    : undefined;
  if (fault !== undefined) faults.add(["forwarding"], fault);
}

/** The ready-made handlers that find out something about who sent a message. */
const CHECKS = ["sender-authentication", "arc", "dmarc", "dkim", "spf"];

/** A module may do so, too. */
const checksSenders = ({ name, ready }: NamedHandler): boolean =>
  ready === undefined || CHECKS.includes(name);

/** What is no mistake, but hardly meant: the seal says what the server has found out about the sender. */
export function doubtsAboutForwarding(
  { forwarding, handlers }: Pick<Settings, "forwarding" | "handlers">,
): readonly Finding[] {
  if (forwarding === undefined || handlers.some(checksSenders)) return [];
  const message = "nothing checks who sent a message, so none is sealed: put " +
    "`sender-authentication` into `handlers`";
  return [{ path: ["forwarding"], message }];
}
