/**
 * The real engine around a chain in this process, without sockets.
 * @module
 */
import type { Event } from "../handler/event.ts";
import type { Handler } from "../handler/handler.ts";
import { watchedEvent } from "../handler/header_changes.ts";
import type { SessionState } from "../handler/session.ts";
import { type Step, SUPERVISOR, watched } from "../handler/supervisor.ts";
import { Dialogue } from "../server/dialogue.ts";
import type { Engine } from "../server/engine.ts";
import { newId } from "../base/id.ts";
import type { Clock, Transport } from "../server/transport.ts";
import { type SessionGround, sessionOf } from "./session_of.ts";

/** An event that the chain was asked, and the steps of its handlers, which are added as they happen. */
export interface Asked {
  readonly event: Event;
  readonly steps: readonly Step[];
}

/** What the engine stands on. */
export interface Ground extends Omit<SessionGround, "id" | "now"> {
  readonly clock: Clock;
  /** The domain of addresses that are a local part alone; without it, these are mistakes. */
  readonly domain?: string | undefined;
  /** Makes the ids of the session and of its messages. */
  readonly newId?: () => string;
  /** Receives each event that the chain is asked. Without it nothing is recorded. */
  readonly asked?: (asked: Asked) => void;
}

/** A transport without a socket: `send` takes the replies, and `end` is called when the server ends the session. */
export const transportTo = (send: Transport["send"], end: () => void): Transport => ({
  send,
  hold: () => {},
  secure: () => Promise.resolve(undefined),
  close: end,
  drop: end,
});

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
  const { clock, tolerated = {}, newId: makeId = newId } = ground;
  const { domain } = ground;
  const start = Number(ground.time ?? new Date()) - clock.now;
  const now = () => start + clock.now;
  const own = { ...ground, id: makeId(), now };
  const { whole, session, extensions, limits, memory } = sessionOf(policy, own);
  const asking = ground.asked === undefined ? whole : recording(whole, ground.asked);
  const shared = { chain: asking, extensions, limits, tolerated, domain, memory, clock };
  return { engine: { ...shared, newId: makeId }, session };
}

/** A chain that records what it is asked. Events that handlers trigger are part of the steps. */
function recording(whole: Handler, asked: (asked: Asked) => void): Handler {
  return (event, next, session) => {
    const steps: Step[] = watched(session)[SUPERVISOR].recording = [];
    asked({ event, steps });
    return whole(watchedEvent(event), next, session);
  };
}
