/**
 * What the switch for forwarding stands for, and what keeps it from working.
 * @module
 */
import type { NamedHandler } from "../handler/entry.ts";
import { dkimSignSchema } from "./dkim_sign.ts";
import type { Finding } from "./explain.ts";
import type { Faults } from "./faults.ts";
import { secretFile } from "./forwarding.ts";
import type { Settings } from "./schema.ts";
import type { ReadSettings } from "./settings.ts";
import { ownSrs } from "./srs.ts";

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
  if (forwarding === undefined || handlers.live.some(checksSenders)) return [];
  const message = "nothing checks who sent a message, so none is sealed: put " +
    "`sender-authentication` into `handlers`";
  return [{ path: ["forwarding"], message }];
}
