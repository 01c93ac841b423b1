/**
 * Reads the beginning of a connection before whoever serves the connection.
 * @module
 */
import type { Socket } from "node:net";

/** What ends the reading. */
export interface Enough {
  /** What is put back: whoever serves the connection reads it again. */
  readonly rest: Uint8Array;
  /** Called once the socket is paused and the rest is put back. */
  readonly then: () => void;
}

/**
 * Reads the beginning of a connection until there is enough.
 *
 * The octets come as the event `data`. With the event `readable`, the runtime loses some where another reader has just
 * left: it goes on as if somebody listened to `data`.
 *
 * @param take given what has come, piece by piece; `undefined` asks for more
 * @param gone called when the connection ends before
 * @returns what stops the reading; then nothing is called
 */
export function readAhead(
  socket: Socket,
  take: (octets: Uint8Array) => Enough | undefined,
  gone: () => void,
): () => void {
  const data = (octets: Uint8Array) => {
    const enough = take(octets);
    if (enough === undefined) return;
    stop();
    socket.pause();
    if (enough.rest.length > 0) socket.unshift(enough.rest);
    enough.then();
  };
  const lost = () => {
    stop();
    gone();
  };
  const heard = Object.entries({ data, error: lost, end: lost, close: lost });
  const stop = () => heard.forEach(([event, listener]) => socket.off(event, listener));
  heard.forEach(([event, listener]) => socket.on(event, listener));
  socket.resume();
  return stop;
}
