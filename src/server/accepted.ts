/**
 * Connections that were accepted and have no session yet.
 * @module
 */
import type { Socket } from "node:net";
import { peerAddress } from "../base/ip.ts";
import type { LimitName } from "../handler/event.ts";
import type { Peer } from "../handler/session.ts";
import type { Listener } from "../net/listener.ts";
import { UNIX } from "../net/peers.ts";
import { printReply } from "../smtp/reply.ts";
import { LIMIT_REPLIES } from "./limits.ts";

/** A connection that was accepted. */
export interface Accepted {
  readonly socket: Socket;
  readonly listener: Listener;
  /** The client. */
  readonly peer: Peer;
  /** The proxy that the client has come by. */
  readonly via?: Peer;
}

/** Who is at the other end; `undefined` if nobody is any more. */
export function peerOf(socket: Socket, listener: string): Peer | undefined {
  if (listener.startsWith("unix:")) return { address: UNIX, port: 0 };
  const { remoteAddress, remotePort } = socket;
  if (remoteAddress === undefined || remotePort === undefined) return undefined;
  return { address: peerAddress(remoteAddress), port: remotePort };
}

/** Where a connection comes from, and where to, for the log. */
export const placeOf = ({ peer: { address, port }, listener }: Accepted) => ({
  peer: address,
  port: port === 0 ? undefined : port,
  listener: listener.name,
});

/** Says why, and closes the socket without waiting for the client: for when too many are refused at once. */
export function sendAway(socket: Socket, limit: LimitName): void {
  socket.on("error", () => {});
  socket.end(printReply(LIMIT_REPLIES[limit], true));
  socket.destroySoon();
}

/** Closes a socket without a word: its client is gone already, or expects nothing in clear text. */
export function abandon(socket: Socket): void {
  socket.on("error", () => {}); // without a listener a reset would end the process
  socket.destroy();
}
