/**
 * The first message of a client's handshake, looked at before TLS is given it: it says for which server the client has come.
 * @module
 */
import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { type Enough, readAhead } from "../net/read_ahead.ts";

/** Octets that are looked at. A longer message is left to TLS, as one without a name. */
const MOST = 16_384;

/** Octets before the content of a record. */
const HEAD = 5;
/** Types of a record, a message, an extension and a name (RFC 8446 sections 4 and 5.1, RFC 6066 section 3). */
const HANDSHAKE = 22, CLIENT_HELLO = 1, SERVER_NAME = 0, HOST_NAME = 0;

/**
 * The server that the client asks for (RFC 6066 section 3), `""` for none. The socket is paused before and after, and what
 * was read of it is put back.
 *
 * The runtime can be asked to look itself (`SNICallback`), but then it keeps for ever what belongs to a client that
 * leaves before its message is whole.
 *
 * @throws if the client goes away before
 */
export function serverName(socket: Socket): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let seen: Uint8Array = new Uint8Array();
  const take = (octets: Uint8Array): Enough | undefined => {
    seen = Buffer.concat([seen, octets]);
    const name = nameIn(seen);
    return name === undefined ? undefined : { rest: seen, then: () => resolve(name) };
  };
  readAhead(socket, take, () => reject(new Error("the client went away")));
  return promise;
}

/** The name in what has come, `""` if there is none, `undefined` if more must come. */
export function nameIn(octets: Uint8Array): string | undefined {
  const message = messageIn(octets);
  if (message === undefined || message.length > 0 && message[0] !== CLIENT_HELLO) return "";
  try {
    return nameOf(new Reader(message.subarray(1)).part(3));
  } catch {
    return octets.length < MOST ? undefined : "";
  }
}

/** What has come of the message, which may be in several records; `undefined` if this is no handshake. */
function messageIn(octets: Uint8Array): Uint8Array | undefined {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < octets.length;) {
    if (octets[at] !== HANDSHAKE && at === 0) return undefined;
    if (octets[at] !== HANDSHAKE || at + HEAD > octets.length) break;
    const end = at + HEAD + (octets[at + 3]! << 8 | octets[at + 4]!);
    pieces.push(octets.subarray(at + HEAD, end));
    at = end;
  }
  return Buffer.concat(pieces);
}

/** The name in a message that is whole; TLS itself refuses a broken one. */
function nameOf(hello: Reader): string {
  try {
    hello.take(2 + 32); // version and random
    for (const octets of [1, 2, 1]) hello.part(octets); // session, ciphers, compressions
    for (const extensions = hello.part(2); extensions.left > 0;) {
      const [type, content] = [extensions.number(2), extensions.part(2)];
      if (type !== SERVER_NAME) continue;
      const names = content.part(2);
      return names.number(1) === HOST_NAME ? names.part(2).text() : "";
    }
  } catch { /* it ends too early */ }
  return "";
}

/** Reads fields one after the other. Throws where octets are lacking. */
class Reader {
  readonly #octets: Uint8Array;
  #at = 0;

  constructor(octets: Uint8Array) {
    this.#octets = octets;
  }

  get left(): number {
    return this.#octets.length - this.#at;
  }

  take(octets: number): Uint8Array {
    if (octets > this.left) throw new RangeError("octets are lacking");
    return this.#octets.subarray(this.#at, this.#at += octets);
  }

  number(octets: number): number {
    return this.take(octets).reduce((sum, octet) => sum << 8 | octet, 0);
  }

  /** A field behind its length, which has so many octets. */
  part(octets: number): Reader {
    return new Reader(this.take(this.number(octets)));
  }

  text(): string {
    return Buffer.from(this.take(this.left)).toString("latin1");
  }
}
