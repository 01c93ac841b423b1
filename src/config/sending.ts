/**
 * What sends mail by SMTP, as a configuration says: the ways, what is demanded of connections, and how they are made.
 * @module
 */
import { join } from "node:path";
import { type Dial, dialler, type DialOptions } from "../client/dial.ts";
import type { Timeouts } from "../client/timeouts.ts";
import type { ResolverOptions } from "../dns/caching_resolver.ts";
import type { Resolver } from "../dns/resolver.ts";
import type { Log } from "../log/event.ts";
import type { Listen } from "../net/address.ts";
import { isListening } from "../net/own_addresses.ts";
import { whyNotPublic } from "../net/public_address.ts";
import { routingOf } from "../relay/routing_of.ts";
import type { Routing } from "../relay/routing.ts";
import type { Security } from "../security/security.ts";
import { securityOf } from "../security/security_of.ts";
import type { StsPolicies } from "../security/sts/policy.ts";
import type { StsOptions } from "../security/sts/sts_policies.ts";
import type { SmtpRelay } from "./relay.ts";

/** What the configuration says of all that is sent. */
export interface SendingSettings {
  readonly hostname: string;
  readonly listen: readonly Listen[];
  readonly dns: ResolverOptions & { readonly validating?: boolean | undefined };
  readonly stateDirectory: string;
}

/** What sends mail. */
export interface Sending {
  readonly routing: Routing;
  readonly security: Security;
  readonly dial: Dial;
  /** Which addresses may be connected to. */
  readonly addresses: Pick<DialOptions, "dns" | "allow" | "isOwn">;
  /** The name that the client gives itself. */
  readonly name: string;
  readonly ca: string | undefined;
  readonly timeouts: Timeouts;
}

/** Makes it. */
export function sendingOf(
  config: SendingSettings,
  relay: SmtpRelay,
  { dns, sts, log }: { readonly dns: Resolver; readonly sts: StsPolicies; readonly log: Log },
): Sending {
  const { hostname, listen } = config;
  const { helo = hostname, allow, ca, timeouts } = relay;
  const listening = listen.flatMap(({ address }) =>
    address.transport === "tcp" ? [{ address: address.hostname, port: address.port }] : []
  );
  const isOwn = (address: string, port: number) => isListening(listening, address, port);
  const addresses = { dns, allow, isOwn };
  return {
    routing: routingOf(relay, { dns, log, names: [...new Set([hostname, helo])] }),
    security: securityOf(relay, { dns: config.dns.validating ? dns : undefined, sts }),
    dial: dialler({ ...addresses, timeout: timeouts.connect }),
    ...{ addresses, name: helo, ca, timeouts },
  };
}

/** Where policies of MTA-STS are kept. */
export const stsDirectory = ({ stateDirectory }: Pick<SendingSettings, "stateDirectory">): string =>
  join(stateDirectory, "mta-sts");

/** How policies of MTA-STS are fetched: from servers whose addresses exchangers might have. */
export const stsOptions = (
  { allow, ca }: SmtpRelay,
): Pick<StsOptions, "isAllowed" | "ca"> => ({
  isAllowed: (address) => whyNotPublic(address, allow) === undefined,
  ca,
});
