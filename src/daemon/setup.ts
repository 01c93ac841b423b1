/**
 * What one configuration makes, at the start and at each reload.
 * @module
 */
import { tmpdir } from "node:os";
import { bareDomainOf, build, type Config, type Settings, settingsKeys } from "../config/mod.ts";
import { type Relaying, startRelaying } from "../config/relaying.ts";
import { startLogins } from "../config/start_logins.ts";
import { CachingResolver } from "../dns/caching_resolver.ts";
import type { Log } from "../log/event.ts";
import type { Descriptors } from "../net/descriptors.ts";
import type { Listener } from "../net/listener.ts";
import type { ReportMail } from "../security/report/report_mail.ts";
import type { Setup } from "../server/setup.ts";
import type { Libcrypto } from "../signing/libcrypto.ts";
import type { Launch } from "../targets/launch.ts";
import type { DiskStore } from "../store/disk_store.ts";
import { canEncrypt, Certificates } from "../tls/certificates.ts";
import { acmeStoreOf } from "./acme.ts";
import { placeOf } from "./fixed.ts";
import type { Of, Parts } from "./parts.ts";
import type { Shadows } from "./shadow.ts";
import { identityOf } from "./shadow_terms.ts";

/** What stays while setups come and go. */
export interface Lasting {
  /** By what is known of each in all configurations; several may have one place, since port 0 is any free port. */
  readonly listeners: ReadonlyMap<string, readonly Listener[]>;
  /** How mailers are started; without it, by this process. */
  readonly launch: Launch | undefined;
  /** Makes RSA signatures; without it, the platform does. */
  readonly library: Libcrypto | undefined;
  readonly globals: DiskStore;
  readonly descriptors: Descriptors;
  readonly log: Log;
  readonly parts: Parts;
  readonly shadows: Shadows;
  /** Takes a report of TLS. */
  readonly send: (mail: ReportMail) => Promise<unknown>;
}

/** A setup that has been made. */
export interface MadeSetup extends AsyncDisposable {
  readonly config: Config;
  readonly setup: Setup;
  /** The files of the operator's modules, and what tells their versions. */
  readonly modules: ReadonlyMap<string, string>;
}

/**
 * Makes it.
 *
 * @throws {ConfigError} for handlers that cannot be loaded
 */
export async function makeSetup(config: Config, lasting: Lasting): Promise<MadeSetup> {
  await using making = new AsyncDisposableStack();
  const { log, globals, library, descriptors, listeners, launch, parts, shadows, send } = lasting;
  const { hostname, limits, spoolDirectory = tmpdir() } = config;
  const dns = await parts.take(
    {
      name: "dns",
      of: ["dns"],
      make: ({ dns }) => new CachingResolver({ ...dns, questions: descriptors.questions }),
    },
    config,
    making,
  );
  const authentication = await parts.take(
    {
      name: "authentication",
      of: ["auth"],
      make: ({ stateDirectory }) => {
        const { authentication } = config; // which is made of `auth`
        authentication?.start?.(stateDirectory, log);
        return authentication;
      },
      end: (made) => made?.[Symbol.dispose](),
    },
    config,
    making,
  );
  if (authentication !== config.authentication) config.authentication?.[Symbol.dispose]();
  const secure = await parts.take(
    {
      name: "certificates",
      of: ["tls"],
      make: (config) => certificatesOf(config, log),
      end: (made) => made?.[Symbol.dispose](),
    },
    config,
    making,
  );
  const relaying = await parts.take(
    {
      name: "relaying",
      of: SENDING,
      make: (config) => relayingOf(config, { dns, globals, log, library, send }),
      end: (made) => made[Symbol.asyncDispose](),
    },
    config,
    making,
  );
  const built = making.use(await build(config, launch, () => relaying.sender!));
  const { policy, targets, modules } = built;
  const shadow = await parts.take(
    {
      name: `shadow ${await identityOf(config)}`,
      of: [...settingsKeys.values()] as (keyof Config & keyof Settings)[],
      make: () => shadows.start(config, { dns, globals, log }),
      end: (made) => made?.[Symbol.asyncDispose](),
    },
    config,
    making,
  );
  const setup: Setup = {
    ...{ hostname, limits, policy, targets, dns, secure, authentication, spoolDirectory },
    listeners: withOptions(config.listen, listeners),
    tolerated: config.tolerate,
    submission: { domain: bareDomainOf(config), hidesClient: config.submission.hideClient },
    deliver: config.deliver,
    queueing: config.queue && rulesOf(config.queue),
    authservId: config.authservId,
    requireTls: relaying.sender !== undefined,
    witness: shadow?.watch,
  };
  const made = making.move();
  return { config, setup, modules, [Symbol.asyncDispose]: () => made.disposeAsync() };
}

/** Each listener with what a configuration says of it. */
function withOptions(
  listen: Config["listen"],
  listeners: Lasting["listeners"],
): Setup["listeners"] {
  const taken = new Map<string, number>();
  return new Map(listen.map((its) => {
    const place = placeOf(its);
    const n = taken.get(place) ?? 0;
    taken.set(place, n + 1);
    return [listeners.get(place)![n]!, its];
  }));
}

/** How the queue delivers. */
export const rulesOf = (queue: NonNullable<Config["queue"]>): NonNullable<Setup["queueing"]> => ({
  schedule: queue,
  reports: queue.bounces,
  keep: queue.keep,
});

function certificatesOf(config: Of<"tls">, log: Log): Certificates | undefined {
  const { tls, hostname } = config;
  if (tls === undefined || !canEncrypt) return undefined;
  return new Certificates({ ...tls, awaited: acmeStoreOf(config)?.files }, hostname, log);
}

/** What sends mail on by SMTP, with the logins for it; without a sender if the configuration has none. */
interface Sending extends AsyncDisposable {
  readonly sender: Relaying["sender"] | undefined;
}

/** The settings of what sends mail on. */
const SENDING = ["relay", "dkimSign", "arcSeal", "forwarding", "dns", "authservId"] as const;

function relayingOf(
  config: Of<typeof SENDING[number]>,
  shared: Parameters<typeof startRelaying>[2],
): Sending {
  const { relay, stateDirectory } = config;
  const started = new AsyncDisposableStack();
  started.use(startLogins(relay, stateDirectory, shared.log));
  const sender = relay === undefined || "command" in relay
    ? undefined
    : started.use(startRelaying(config, relay, shared)).sender;
  return { sender, [Symbol.asyncDispose]: () => started.disposeAsync() };
}
