/**
 * The session that a chain in this process sees.
 * @module
 */
import type { Resolver } from "../dns/resolver.ts";
import type { GlobalStore } from "../handler/global_store.ts";
import { chain, type Handler } from "../handler/handler.ts";
import { MemoryStore } from "../handler/memory_store.ts";
import type { OwnMessage } from "../handler/own_message.ts";
import { type Peer, SessionState } from "../handler/session.ts";
import type { Tls } from "../handler/tls.ts";
import { type Log, silent } from "../log/event.ts";
import type { ListenerKind } from "../net/address.ts";
import type { Acceptance } from "../server/acceptance.ts";
import { beforeReply } from "../server/before_reply.ts";
import { core } from "../server/core.ts";
import { Extensions } from "../server/extension.ts";
import { extensionsOn } from "../server/extensions.ts";
import { DEFAULT_LIMITS, type Limits } from "../server/limits.ts";
import { Memory } from "../message/memory.ts";
import { spool, SpoolFile } from "../message/spool.ts";
import type { Tolerated } from "../server/tolerated.ts";
import type { Targets } from "../targets/target.ts";
import { FakeDns } from "./fake_dns.ts";
import { holds } from "./outbox.ts";

/** What a session is like. All of it has defaults. */
export interface SessionSetup {
  /** The server's own name; without it, `mx.example.net`. */
  readonly hostname?: string;
  /** The client; without it, one at 192.0.2.1. */
  readonly peer?: Peer;
  /** Those that are not given have their defaults. */
  readonly limits?: Partial<Limits>;
  /** The breaches of the protocol that are tolerated; without it, none. */
  readonly tolerated?: Tolerated;
  /** Global variables, shared by the sessions that are given the same; without it, there are none at first. */
  readonly globals?: GlobalStore;
  /** Without it, a DNS without names. */
  readonly dns?: Resolver;
  /** Receives the messages that handlers send with `session.send`. */
  sent?(message: OwnMessage): void;
  /** Receives the name and the fields of each event that the server logs. */
  log?(event: string, fields: object): void;
  /** The time at which the session begins, or the question is asked; without it, now. */
  readonly time?: Date | undefined;
  /** How the connection is encrypted, such as {@linkcode ENCRYPTED}; without it, it is not. */
  readonly tls?: Tls | undefined;
  /** Who the client has proved to be; without it, a stranger. */
  readonly user?: string | undefined;
  /** What the listener is for; without it, `smtp`. */
  readonly kind?: ListenerKind;
}

/** What a session stands on. */
export interface SessionGround extends SessionSetup {
  readonly id: string;
  readonly targets: Targets;
  /** The address that the client has connected to. */
  readonly listener?: string;
  /** Without them, those of a server without certificates and authentication. */
  readonly extensions?: Extensions;
  /** Milliseconds since the epoch; without it, those of the system's clock. */
  readonly now: (() => number) | undefined;
}

/** A new session, and the chain around the server's core that answers its events. */
export function sessionOf(handler: Handler, ground: SessionGround) {
  const { hostname = "mx.example.net", targets, id, now, tls, user } = ground;
  const { extensions = new Extensions(extensionsOn({ policy: handler })) } = ground;
  const log: Log = ground.log === undefined
    ? silent
    : Object.assign(ground.log.bind(ground), { wants: () => true });
  const limits: Limits = { ...DEFAULT_LIMITS, ...ground.limits };
  const memory = new Memory(limits.messageMemory);
  const delivered = beforeReply({ targets, limits, memory, log, spoolDirectory: "/tmp" });
  const acceptance: Acceptance = ({ hold, ...arrival }) => {
    if (hold !== undefined) holds.set(arrival.envelope, hold);
    return delivered(arrival);
  };
  const whole = chain(handler, core({ acceptance, limits, extensions, log }));
  const { globals = new MemoryStore({ now }), dns = new FakeDns() } = ground;
  const keep = (body: AsyncIterable<Uint8Array>) =>
    spool(body, () => SpoolFile.unnamed("/tmp"), memory);
  const judge: Targets["faultIn"] = (target) => targets.faultIn(target);
  let sent = 0;
  const send = (message: OwnMessage) => {
    ground.sent?.(message);
    return Promise.resolve(`${id}-${++sent}`);
  };
  const session = new SessionState({
    id,
    peer: ground.peer ?? { address: "192.0.2.1", port: 45678 },
    listener: { address: ground.listener ?? "192.0.2.25:25", kind: ground.kind ?? "smtp" },
    context: { hostname, log, globals, dns, keep, chain: whole, judge, now, send },
    tls,
    user,
  });
  return { whole, session, extensions, limits, memory };
}
