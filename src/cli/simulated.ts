/**
 * Simulated sessions with the server of a configuration, which is not started.
 * @module
 */
import { onStrayErrors } from "../base/stray.ts";
import { bareDomainOf, build, type Config, ConfigError } from "../config/mod.ts";
import { credentialsOf, startedByRoot } from "../daemon/credentials.ts";
import { become } from "../daemon/privileges.ts";
import { CachingResolver } from "../dns/caching_resolver.ts";
import type { Route } from "../handler/reply.ts";
import { trace } from "../handler/supervisor.ts";
import type { LogEvent } from "../log/event.ts";
import { untimedLine } from "../log/format.ts";
import { eventLog } from "../log/open.ts";
import { isForUsers, type ListenerKind, printListen } from "../net/address.ts";
import type { Mailbox } from "../smtp/mailbox.ts";
import type { Targets } from "../targets/target.ts";
import type { SessionSetup } from "../testing/session_of.ts";
import { ENCRYPTED } from "../testing/encrypted.ts";
import { Simulation } from "../testing/simulation.ts";
import type { ClientFlags } from "./client_flags.ts";
import { configOf } from "./run.ts";

/** A server that was not started. */
export interface Simulated {
  /** Connects a client. Sessions share nothing but what `visit` has. */
  readonly begin: (visit?: Visit) => ReturnType<typeof Simulation.begin>;
  readonly targets: Targets;
  /** The kind of the listener. */
  readonly kind: ListenerKind;
}

/** When a client connects, and the global variables that it finds. */
export type Visit = Pick<SessionSetup, "time" | "globals">;

/** The events that are shown. The others are in the dialogue, or wrong for mail that is not delivered. */
const NEWS: ReadonlySet<string> = new Set<LogEvent>([
  "handler",
  "handler warns",
  "handler broke",
  "stray error",
  "deferred",
  "failed",
  "copy lost",
]);

/**
 * Loads the configuration and its handlers. Global variables have their first values, and are kept in memory only.
 *
 * @param note receives these lines of the server's log
 */
export async function simulated(
  flags: ClientFlags,
  note: (line: string) => void,
): Promise<Simulated> {
  const read = configOf(flags);
  // No client from outside reaches these handlers, so root may run them, unless the server has a user.
  const credentials = startedByRoot() ? credentialsOf(read) : undefined;
  await become(credentials, read);
  const config = credentials === undefined ? read : read.again();
  const { policy, targets } = await build(config);
  const { hostname, tolerate: tolerated } = config;
  const { address, kind, limits } = listenerOf(config, flags.listener);
  const { ip, time, tls, authUser: user } = flags;
  const log = eventLog((record) => {
    if (NEWS.has(String(record.message[0]))) note(untimedLine(record));
  }, config.log.level);
  onStrayErrors((error) => log("stray error", { error: trace(error) }));
  const setup = {
    hostname,
    limits: { ...config.limits, ...limits },
    domain: isForUsers(kind) ? bareDomainOf(config) : undefined,
    tolerated,
    targets,
    log,
    peer: { address: ip, port: 45678 },
    time,
    tls: tls || kind === "submissions" ? ENCRYPTED : undefined,
    user,
    dns: new CachingResolver(config.dns),
    listener: printListen(address),
    kind,
  };
  return { begin: (visit) => Simulation.begin(policy, { ...setup, ...visit }), targets, kind };
}

/** The listener of a kind or at an address; without these, the first. */
function listenerOf({ listen, problem }: Config, wanted: string | undefined) {
  const isWanted = ({ address, kind }: Config["listen"][number]) =>
    wanted === undefined || wanted === kind || wanted === printListen(address);
  const found = listen.find(isWanted);
  if (found !== undefined) return found;
  const all = listen.map(({ address, kind }) => `${printListen(address)} (${kind})`).join(", ");
  const message = `no listener is of the kind or at the address \`${wanted}\`: there is ${all}`;
  throw new ConfigError([problem({ path: ["listen"], message })]);
}

/** `joe@example.net -> pipe: procmail -d joe`; between the two, the address that an alias led to. */
export function printPlan(asked: Mailbox, route: Route, targets: Targets): string {
  const { recipient, target } = route;
  const plan = targets.plan(route);
  const way = asked.equals(recipient) ? [asked] : [asked, recipient];
  const what = typeof plan === "string"
    ? plan
    : `${plan.result}: ${"cause" in plan ? plan.cause : plan.reason}`;
  return [...way, what === "" ? target.target : `${target.target}: ${what}`].join(" -> ");
}
