/**
 * Sessions with a server that has this configuration, without starting it.
 *
 * @module
 */
import { onStrayErrors } from "../base/stray.ts";
import { build } from "../config/mod.ts";
import { credentialsOf, startedByRoot } from "../daemon/credentials.ts";
import { become } from "../daemon/privileges.ts";
import { CachingResolver } from "../dns/caching_resolver.ts";
import type { Route } from "../handler/reply.ts";
import { trace } from "../handler/supervisor.ts";
import type { LogEvent } from "../log/event.ts";
import { untimedLine } from "../log/format.ts";
import { eventLog } from "../log/open.ts";
import { printListen } from "../net/address.ts";
import type { Mailbox } from "../smtp/mailbox.ts";
import type { Targets } from "../targets/target.ts";
import type { SessionSetup } from "../testing/session_of.ts";
import { ENCRYPTED } from "../testing/encrypted.ts";
import { Simulation } from "../testing/simulation.ts";
import type { ClientFlags } from "./client_flags.ts";
import { configOf } from "./run.ts";

/** A server that is not running. */
export interface Simulated {
  /** Connects a client, in a session that knows nothing of the others but what is in `visit`. */
  readonly begin: (visit?: Visit) => ReturnType<typeof Simulation.begin>;
  readonly targets: Targets;
}

/** When a client comes, and what is known of those who came before. */
export type Visit = Pick<SessionSetup, "time" | "globals">;

/** What of the log matters. All else is in the dialogue, or not true of mail that goes nowhere. */
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
 * @param note is given the lines of the server's log that matter
 */
export async function simulated(
  flags: ClientFlags,
  note: (line: string) => void,
): Promise<Simulated> {
  const read = configOf(flags);
  // Nobody from outside speaks to these handlers, so root may run them, unless the server has a user.
  const credentials = startedByRoot() ? credentialsOf(read) : undefined;
  await become(credentials, read);
  const config = credentials === undefined ? read : read.again();
  const { policy, targets } = await build(config);
  const { hostname, limits, tolerated, listen: [address] } = config;
  const { ip, time, tls, authUser: user } = flags;
  const log = eventLog((record) => {
    if (NEWS.has(String(record.message[0]))) note(untimedLine(record));
  }, config.log.level);
  onStrayErrors((error) => log("stray error", { error: trace(error) }));
  const setup = {
    hostname,
    limits,
    tolerated,
    targets,
    log,
    peer: { address: ip, port: 45678 },
    time,
    tls: tls ? ENCRYPTED : undefined,
    user,
    dns: new CachingResolver(config.dns),
    ...(address === undefined ? {} : { listener: printListen(address) }),
  };
  return { begin: (visit) => Simulation.begin(policy, { ...setup, ...visit }), targets };
}

/** `joe@example.net -> pipe: procmail -d joe`; between them, where an alias led. */
export function printRoute(asked: Mailbox, route: Route, targets: Targets): string {
  const { recipient, target } = route;
  const plan = targets.plan(route);
  const way = asked.equals(recipient) ? [asked] : [asked, recipient];
  const what = typeof plan === "string"
    ? plan
    : `${plan.result}: ${"cause" in plan ? plan.cause : plan.reason}`;
  return [...way, what === "" ? target.target : `${target.target}: ${what}`].join(" -> ");
}
