/**
 * Why a connection to a server ended before its time.
 * @module
 */
import type { WireReply } from "../smtp/reply.ts";

/** A connection that is of no more use. */
export class ClientFault extends Error {
  override readonly name: string = "ClientFault";
}

/** The connection was lost, or the server did not answer in time. */
export class ConnectionLost extends ClientFault {
  override readonly name = "ConnectionLost";
}

/** What the server said is no SMTP: nothing that it said about this message is to be believed. */
export class ProtocolFault extends ClientFault {
  override readonly name = "ProtocolFault";
}

/** The server does not want this client, or none at the moment. */
export class Refused extends ClientFault {
  override readonly name = "Refused";
  readonly reply: WireReply;

  /** @param message for people: what was refused */
  constructor(message: string, reply: WireReply) {
    super(`${message}: ${printed(reply)}`);
    this.reply = reply;
  }
}

/** The server does not believe who the client is, or there is no safe way to tell. It is the operator who can mend it. */
export class LoginRefused extends ClientFault {
  override readonly name = "LoginRefused";
  readonly reply: WireReply | undefined;

  /** @param message for people: who was refused, and why */
  constructor(message: string, reply?: WireReply) {
    super(reply === undefined ? message : `${message}: ${printed(reply)}`);
    this.reply = reply;
  }
}

/** A reply in one line, as people read it: `550 5.1.1 no such user`. */
export const printed = ({ code, enhanced, lines }: WireReply): string =>
  [code, enhanced, lines.join(" ")].filter(Boolean).join(" ");
