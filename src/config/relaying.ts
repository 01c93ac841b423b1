/**
 * Sends mail on by SMTP, as a configuration says: with what is demanded of connections, limits and reports.
 * @module
 */
import { join } from "node:path";
import { Pool } from "../client/pool.ts";
import type { Resolver } from "../dns/resolver.ts";
import { CachingResolver } from "../dns/caching_resolver.ts";
import type { GlobalStore } from "../handler/global_store.ts";
import { MemoryStore } from "../handler/memory_store.ts";
import { type Log, silent } from "../log/event.ts";
import { Connector } from "../relay/connect.ts";
import { RelayLimits } from "../relay/relay_limits.ts";
import { Sender } from "../relay/sender.ts";
import type { ReportMail } from "../security/report/report_mail.ts";
import { TlsReports } from "../security/report/tls_reports.ts";
import { NO_POLICIES, type StsPolicies } from "../security/sts/policy.ts";
import { stsPolicies } from "../security/sts/sts_policies.ts";
import { KeyWatch } from "../signing/key_watch.ts";
import type { Libcrypto } from "../signing/libcrypto.ts";
import type { Signing } from "../signing/signing.ts";
import { secure } from "../tls/client.ts";
import { keysDirectory, signingOf, type SigningSettings } from "./dkim_sign.ts";
import { type ForwardingSettings, prepareForwarding } from "./forwarding.ts";
import type { SmtpRelay } from "./relay.ts";
import { sendingOf, type SendingSettings, stsDirectory, stsOptions } from "./sending.ts";

/** What a server that sends has. */
export interface RelayingOptions {
  readonly dns: Resolver;
  readonly globals: GlobalStore;
  readonly log: Log;
  /** Makes RSA signatures; without it, the platform does. */
  readonly library?: Libcrypto | undefined;
  /** Takes a report of TLS. */
  readonly send: (mail: ReportMail) => Promise<unknown>;
}

/** Sends mail until it is disposed of. */
export interface Relaying extends AsyncDisposable {
  readonly sender: Sender;
}

/** Makes what sends mail on. */
export function startRelaying(
  config: SendingSettings & SigningSettings & {
    readonly forwarding?: ForwardingSettings | undefined;
  },
  relay: SmtpRelay,
  { dns, globals, log, library, send }: RelayingOptions,
): Relaying {
  prepareForwarding(config);
  const https = { dns, ...stsOptions(relay), log, now: Date.now };
  const { hostname, stateDirectory } = config;
  const results = relay.tlsReports && new TlsReports({
    ...https,
    directory: join(stateDirectory, "tls-reports"),
    reporter: {
      contact: relay.tlsReports.contact,
      organization: relay.tlsReports.organization ?? hostname,
      hostname,
    },
    send,
  });
  const sts = stsPolicies({ ...https, directory: stsDirectory(config), results });
  const pool = new Pool(relay.connections);
  const signing = signingOf(config, { library, log });
  const watch = signing &&
    new KeyWatch({ directory: keysDirectory(config), dns, now: Date.now }, log);
  return {
    sender: senderOf(config, relay, { dns, sts, log, pool, globals, results, signing }),
    async [Symbol.asyncDispose]() {
      sts[Symbol.dispose]();
      await watch?.[Symbol.asyncDispose]();
      await pool.close();
      await results?.close();
    },
  };
}

/** What knows the ways of a configuration and sends nothing, for checks and plans. */
export const plannerOf = (config: SendingSettings, relay: SmtpRelay): Sender =>
  senderOf(config, relay, {
    dns: new CachingResolver(config.dns),
    sts: NO_POLICIES,
    log: silent,
    pool: new Pool(relay.connections),
    globals: new MemoryStore(),
  });

function senderOf(
  config: SendingSettings,
  relay: SmtpRelay,
  { dns, sts, log, pool, globals, results, signing }: {
    readonly dns: Resolver;
    readonly sts: StsPolicies;
    readonly log: Log;
    readonly pool: Pool;
    readonly globals: GlobalStore;
    readonly results?: TlsReports | undefined;
    readonly signing?: Signing | undefined;
  },
): Sender {
  const { routing, security, dial, name, ca, timeouts } = sendingOf(config, relay, {
    ...{ dns, sts, log },
  });
  const connector = new Connector({ dial, secure, pool, name, ca, timeouts, results, log });
  return new Sender({
    ...{ routing, security, connector, results, signing },
    limits: new RelayLimits(relay, globals),
  });
}
