/**
 * The real engine around a chain in this process, without sockets.
 *
 * @module
 */
import type { Resolver } from "../dns/resolver.ts";
import type { Event } from "../handler/event.ts";
import type { GlobalStore } from "../handler/global_store.ts";
import { chain, type Handler } from "../handler/handler.ts";
import { MemoryStore } from "../handler/memory_store.ts";
import { type Peer, SessionState } from "../handler/session.ts";
import { type Step, SUPERVISOR, watched } from "../handler/supervisor.ts";
import type { Tls } from "../handler/tls.ts";
import { type Log, silent } from "../log/event.ts";
import { beforeReply } from "../server/before_reply.ts";
import { core } from "../server/core.ts";
import { Dialogue } from "../server/dialogue.ts";
import type { Engine } from "../server/engine.ts";
import { EXTENSIONS, type Extensions } from "../server/extensions.ts";
import { newId } from "../server/id.ts";
import { DEFAULT_LIMITS, type Limits } from "../server/limits.ts";
import { Memory } from "../server/memory.ts";
import { spool } from "../server/spool.ts";
import type { Tolerated } from "../server/tolerated.ts";
import type { Clock, Transport } from "../server/transport.ts";
import type { Targets } from "../targets/target.ts";
import { FakeDns } from "./fake_dns.ts";

/** What a session is like. All of it has defaults. */
export interface SessionSetup {
  /** The server's own name. */
  readonly hostname?: string;
  /** The client. */
  readonly peer?: Peer;
  /** Those that are not given have their defaults. */
  readonly limits?: Partial<Limits>;
  /** The breaches of the protocol that are tolerated; without it, none. */
  readonly tolerated?: Tolerated;
  /** Global variables, shared by the sessions that are given the same; without it, the session's own. */
  readonly globals?: GlobalStore;
  /** Without it, one that knows nothing. */
  readonly dns?: Resolver;
  /** Where the server logs; without it, nowhere. */
  readonly log?: Log;
  /** The time at which the session begins; without it, now. */
  readonly time?: Date | undefined;
  /** How the connection is encrypted, such as {@linkcode ENCRYPTED}; without it, it is not. */
  readonly tls?: Tls | undefined;
  /** Who the client has proved to be. */
  readonly user?: string | undefined;
}

/** An event that the chain is asked, and the steps of its handlers, which are there as they happen. */
export interface Asked {
  readonly event: Event;
  readonly steps: readonly Step[];
}

/** What the engine stands on. */
export interface Ground extends SessionSetup {
  readonly clock: Clock;
  readonly targets: Targets;
  /** The address that the client has connected to. */
  readonly listener?: string;
  /** Makes the ids of the session and of its messages. */
  readonly newId?: () => string;
  /** Without it, those of every server. */
  readonly extensions?: Extensions;
  /** Told of all that the chain is asked. Without it nothing is recorded. */
  readonly asked?: (asked: Asked) => void;
}

/** A dialogue that has not started yet. */
export function dialogueOf(policy: Handler, ground: Ground, transport: Transport): Dialogue {
  const { engine, session } = engineOf(policy, ground);
  return new Dialogue(engine, session, transport);
}

/** The engine around a chain, and a session with it. */
export function engineOf(
  policy: Handler,
  ground: Ground,
): { readonly engine: Engine; readonly session: SessionState } {
  const { hostname = "mx.example.net", log = silent, clock, targets, tolerated = {} } = ground;
  const { extensions = EXTENSIONS } = ground;
  const limits = { ...DEFAULT_LIMITS, ...ground.limits };
  const memory = new Memory(limits.messageMemory);
  const acceptance = beforeReply({ targets, limits, memory, log, spoolDirectory: "/tmp" });
  const whole = chain(policy, core({ acceptance, limits, extensions }));
  const start = Number(ground.time ?? new Date()) - clock.now;
  const now = () => start + clock.now;
  const makeId = ground.newId ?? newId;
  const session = new SessionState({
    id: makeId(),
    peer: ground.peer ?? { address: "192.0.2.1", port: 45678 },
    listener: ground.listener ?? "192.0.2.25:25",
    context: {
      hostname,
      log,
      globals: ground.globals ?? new MemoryStore({ now }),
      dns: ground.dns ?? new FakeDns(),
      keep: (body) => spool(body, "/tmp", memory),
      chain: whole,
      judge: (target) => targets.faultIn(target),
      now,
    },
    tls: ground.tls,
    user: ground.user,
  });
  const asking = ground.asked === undefined ? whole : recording(whole, ground.asked);
  const engine = { chain: asking, extensions, limits, tolerated, memory, clock, newId: makeId };
  return { engine, session };
}

/** The chain as the engine asks it. What handlers trigger is part of the steps. */
function recording(whole: Handler, asked: (asked: Asked) => void): Handler {
  return (event, next, session) => {
    const steps: Step[] = watched(session)[SUPERVISOR].recording = [];
    asked({ event, steps });
    return whole(event, next, session);
  };
}
