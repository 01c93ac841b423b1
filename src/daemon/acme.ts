/**
 * What a server does for ACME: it listens while it is root, and orders certificates when it is not.
 * @module
 */
import { DnsHook } from "../acme/dns_hook.ts";
import { HttpChallenges } from "../acme/http_challenges.ts";
import { Orders } from "../acme/orders.ts";
import { Renewal } from "../acme/renewal.ts";
import { AcmeStore } from "../acme/store.ts";
import { messageOf } from "../base/message_of.ts";
import type { Config } from "../config/mod.ts";
import type { Log } from "../log/event.ts";
import type { Listen } from "../net/address.ts";
import { Listener } from "../net/listener.ts";
import { canEncrypt } from "../tls/certificates.ts";

/** Where the server listens for the authority: one listener, or none. */
export function challengeListens({ tls }: Config): readonly Listen[] {
  const challenge = tls?.acme?.challenge;
  return challenge && "listen" in challenge ? [{ address: challenge.listen, kind: "smtp" }] : [];
}

/** Starts what orders certificates: while the process is root, which may be the only reader of the library. */
export const startOrders = async ({ tls }: Config): Promise<Orders | undefined> =>
  canEncrypt && tls?.acme ? await Orders.start() : undefined;

/** Where the server keeps its certificate of the authority; `undefined` if it gets none. */
export const acmeStoreOf = (
  { tls, stateDirectory }: Pick<Config, "tls" | "stateDirectory">,
): AcmeStore | undefined => tls?.acme && new AcmeStore(stateDirectory, tls.acme.directory);

/**
 * Gets and renews the certificate from now on. Does nothing without the settings for it.
 *
 * @param listener where the authority comes to
 */
export function renew(
  config: Config,
  orders: Orders | undefined,
  listener: Listener | undefined,
  log: Log,
): Renewal | undefined {
  const settings = config.tls?.acme;
  const store = acmeStoreOf(config);
  if (settings === undefined || store === undefined || orders === undefined) return undefined;
  const { challenge, domains = [config.hostname.toLowerCase()] } = settings;
  const failed = (listen: string, error: string) => log("listener failed", { listen, error });
  const challenges = "dnsHook" in challenge
    ? new DnsHook(challenge.dnsHook)
    : new HttpChallenges(listener!, failed);
  return new Renewal({ settings, domains, store, challenges, orders, log });
}

/**
 * Tries whether the server could listen for the authority, with the permissions that it has at its start.
 *
 * @returns what is wrong
 */
export async function faultOfChallengePort(config: Config): Promise<string | undefined> {
  const ports = challengeListens(config).filter(({ address }) => address.transport === "tcp");
  try {
    for (const listener of await Listener.openAll(ports)) listener.close();
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}
