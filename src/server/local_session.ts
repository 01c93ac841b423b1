/**
 * Sessions with users of this machine whose programs have handed over mail: within this process, without a connection.
 * @module
 */
import { type Duplex, duplexPair } from "node:stream";
import { newId } from "../base/id.ts";
import { type LocalUser, SessionState } from "../handler/session.ts";
import { UNIX } from "../net/peers.ts";
import { Connection } from "./connection.ts";
import type { Shared } from "./in_force.ts";
import type { Limits } from "./limits.ts";

/** Nobody guesses addresses here: a user's program names all its recipients, also those that there are not. */
export const localLimits = (limits: Limits): Limits => (
  { ...limits, refusedRecipients: Infinity, refusalDelay: 0 }
);

/** A session that has not started yet, and the client's end of it. */
export function localSession(localUser: LocalUser, { context, engine }: Shared): {
  readonly client: Duplex;
  readonly connection: Connection;
} {
  const [client, socket] = duplexPair();
  const peer = { address: UNIX, port: 0 };
  const listener = { address: "local", kind: "local" } as const;
  const session = new SessionState({ id: newId(), peer, listener, context, localUser });
  const { id, user } = session;
  context.log("connected", { session: id, peer: UNIX, listener: listener.address, user });
  return { client, connection: new Connection(socket, session, engine) };
}
