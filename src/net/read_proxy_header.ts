/**
 * Reads the header of the PROXY protocol off a connection.
 * @module
 */
import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { type HeaderFault, type ProxyHeader, proxyHeader } from "./proxy_header.ts";

/** What is told of a header, once. */
export interface HeaderEvents {
  /** The header has come. The socket is paused, and what follows the header is put back. */
  readonly come: (header: ProxyHeader) => void;
  /** There is no header, for this reason; without a reason, the proxy has gone away without a word. */
  readonly failed: (reason?: string) => void;
}

/**
 * Reads the header at the beginning of a connection of which nothing was read.
 *
 * @returns what stops reading; then nothing is called
 */
export function readProxyHeader(socket: Socket, { come, failed }: HeaderEvents): () => void {
  const beginning = new Beginning();
  const look = () => {
    for (let fresh; (fresh = socket.read() as Uint8Array | null) !== null;) {
      const found = beginning.take(fresh);
      if (found === undefined) continue;
      stop(); // before the octets are put back, of which a listener would be told
      socket.pause();
      if ("fault" in found) return failed(found.fault);
      if (found.rest.length > 0) socket.unshift(found.rest);
      return come(found.header);
    }
  };
  const gone = () => {
    stop();
    failed(beginning.octets === 0 ? undefined : "the connection ended within the header");
  };
  const heard = { readable: look, error: gone, end: gone, close: gone };
  const stop = () => {
    for (const [event, listener] of Object.entries(heard)) socket.off(event, listener);
  };
  socket.resume(); // the runtime does not read a new socket that was paused before
  for (const [event, listener] of Object.entries(heard)) socket.on(event, listener);
  return stop;
}

/** The header and what follows it, or what is wrong with it; `undefined` if more must come. */
export type Progress =
  | { readonly header: ProxyHeader; readonly rest: Uint8Array }
  | HeaderFault
  | undefined;

/** The beginning of a connection. Of a long header no more is kept than is needed to understand it. */
export class Beginning {
  /** Kept until the header is understood. */
  #seen: Uint8Array = new Uint8Array();
  #header: ProxyHeader | undefined;
  /** The octets that have come. */
  octets = 0;

  /** Takes what comes next. */
  take(fresh: Uint8Array): Progress {
    const before = this.octets - this.#seen.length;
    const come = this.#seen.length === 0 ? fresh : Buffer.concat([this.#seen, fresh]);
    this.octets += fresh.length;
    const found = this.#header ?? proxyHeader(come);
    this.#seen = found === "more" ? come : new Uint8Array();
    if (found === "more") return undefined;
    if ("fault" in found) return found;
    this.#header = found;
    const lacking = found.octets - before;
    return come.length < lacking ? undefined : { header: found, rest: come.subarray(lacking) };
  }
}
