/**
 * Reads the header of the PROXY protocol off a connection.
 * @module
 */
import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { type Enough, readAhead } from "./read_ahead.ts";
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
  const take = (octets: Uint8Array): Enough | undefined => {
    const found = beginning.take(octets);
    if (found === undefined) return undefined;
    return "fault" in found
      ? { rest: NOTHING, then: () => failed(found.fault) }
      : { rest: found.rest, then: () => come(found.header) };
  };
  const gone = () =>
    failed(beginning.octets === 0 ? undefined : "the connection ended within the header");
  return readAhead(socket, take, gone);
}

const NOTHING = new Uint8Array();

/** The header and what follows it, or what is wrong with it; `undefined` if more must come. */
export type Progress =
  | { readonly header: ProxyHeader; readonly rest: Uint8Array }
  | HeaderFault
  | undefined;

/** The beginning of a connection. Of a long header no more is kept than is needed to understand it. */
export class Beginning {
  /** Kept until the header is understood. */
  #seen: Uint8Array = NOTHING;
  #header: ProxyHeader | undefined;
  /** The octets that have come. */
  octets = 0;

  /** Takes what comes next. */
  take(fresh: Uint8Array): Progress {
    const before = this.octets - this.#seen.length;
    const come = this.#seen.length === 0 ? fresh : Buffer.concat([this.#seen, fresh]);
    this.octets += fresh.length;
    const found = this.#header ?? proxyHeader(come);
    this.#seen = found === "more" ? come : NOTHING;
    if (found === "more") return undefined;
    if ("fault" in found) return found;
    this.#header = found;
    const lacking = found.octets - before;
    return come.length < lacking ? undefined : { header: found, rest: come.subarray(lacking) };
  }
}
