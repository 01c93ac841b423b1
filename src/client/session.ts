/**
 * A connection to a server that takes mail, from its greeting to its end.
 * @module
 */
import type { Socket } from "node:net";
import { isLocal } from "../base/ip.ts";
import type { Outcome, RemoteTls } from "../handler/outcome.ts";
import type { Secure } from "../tls/client.ts";
import type { TlsRequirement } from "../tls/requirement.ts";
import type { Dialled } from "./dial.ts";
import { ConnectionLost } from "./fault.ts";
import type { Hop } from "./hop.ts";
import { Line } from "./line.ts";
import type { Mail } from "./mail.ts";
import { opening } from "./opening.ts";
import { limitsOf } from "./limits.ts";
import { orderFor, type Orders } from "./order.ts";
import { brokenHere, outcomesOf } from "./outcomes.ts";
import type { Peer } from "./peer.ts";
import type { Identity } from "./sasl/mechanism.ts";
import { ask } from "./talk.ts";
import type { Timeouts } from "./timeouts.ts";
import { newRecord, transaction } from "./transaction.ts";

/** How a session is opened. */
export interface SessionOptions {
  readonly hop: Hop;
  /** The name that the client gives itself: `mail.example.org`. */
  readonly name: string;
  readonly requirement: TlsRequirement;
  /** Who the client is there; `undefined` if it does not authenticate. */
  readonly identity?: Identity | undefined;
  /** A file's worth of certificates in PEM, trusted beside those of the system. */
  readonly ca?: string | undefined;
  readonly timeouts: Timeouts;
  readonly secure: Secure;
}

/** What became of the mail of a recipient. */
export interface Sent {
  readonly outcome: Outcome;
  /** Whether no other server is to be tried now: it has arrived, has failed, or may have arrived. */
  readonly isOver: boolean;
  /** Whether the server has not begun with it, and only this connection is over: another one may do. */
  readonly isUntouched: boolean;
}

/** An open connection, on which messages are sent one after the other. */
export class ClientSession {
  readonly peer: Peer;
  readonly #line: Line;
  readonly #isLmtp: boolean;
  /** When it was opened, by `performance.now()`. */
  readonly opened: number = performance.now();
  /** The messages that were sent. */
  sent = 0;
  /** The most messages that the server takes on one connection (RFC 9422). */
  readonly most: number;

  private constructor(peer: Peer, line: Line, isLmtp: boolean) {
    this.peer = peer;
    this.#line = line;
    this.#isLmtp = isLmtp;
    this.most = limitsOf(peer.extensions).messages;
  }

  /**
   * Begins a session on a connection. The connection is destroyed if that fails.
   *
   * @throws {TlsFailure} if it is not as safe as required
   * @throws {ClientFault} if the server refuses, hangs up, or makes no sense
   */
  static async open(
    { socket, address }: Dialled,
    { hop, name, requirement, identity, ca, timeouts, secure }: SessionOptions,
    signal: AbortSignal,
  ): Promise<ClientSession> {
    let tls: RemoteTls | undefined;
    const encrypt = async (clear: Socket) => {
      const secured = await secure(clear, { host: hop.host, requirement, ca, signal });
      tls = secured.tls;
      return secured.socket;
    };
    const line = new Line({ socket, timeouts, secure: encrypt });
    try {
      const opened = await line.run(
        opening({ hop, name, requirement, identity, isLocal: isLocal(address) }),
        signal,
      );
      const peer = { host: hop.host, address, tls, ...opened };
      return new ClientSession(peer, line, hop.scheme === "lmtp");
    } catch (error) {
      line.destroy();
      throw error;
    }
  }

  /** Whether another message can be sent: the last one has ended, and the server is still there. */
  get usable(): boolean {
    return this.#line.isQuiet;
  }

  /** Sends a message. What became of it, for each recipient in their order. Never rejects. */
  async send(mail: Mail, signal: AbortSignal): Promise<readonly Sent[]> {
    const outcomes: Sent[] = [];
    let said: Orders;
    try {
      said = await orderFor(mail, this.peer, this.#isLmtp);
    } catch (error) {
      const settled = { outcome: brokenHere(error), isOver: true, isUntouched: false };
      return mail.recipients.map(() => settled);
    }
    const { orders, settled } = said;
    for (const { order, recipients } of orders) {
      const record = newRecord();
      let fault: Error | undefined;
      try {
        if (this.sent >= this.most || !this.#line.isQuiet) {
          throw new ConnectionLost("it takes no more on this connection");
        }
        await this.#line.run(transaction(order, record), signal);
      } catch (error) {
        fault = error as Error;
        this.#line.destroy();
      }
      this.sent++;
      const became = outcomesOf(record, recipients.length, this.peer, fault);
      const isClosing = record.mail?.code === 421;
      if (isClosing) this.#line.destroy();
      const isUntouched = isClosing || fault instanceof ConnectionLost && record.mail === undefined;
      for (const [i, at] of recipients.entries()) {
        const outcome = became[i]!;
        const isOver = record.sent || outcome.result !== "deferred";
        outcomes[at] = { outcome, isOver, isUntouched };
      }
    }
    for (const [at, outcome] of settled) {
      outcomes[at] = { outcome, isOver: false, isUntouched: false }; // another server may offer more
    }
    return outcomes;
  }

  /** Ends the session politely. */
  async quit(): Promise<void> {
    try {
      await this.#line.run(ask("QUIT", "quit"), new AbortController().signal);
    } catch { /* it is gone already */ }
    this.destroy();
  }

  /** Ends the session at once. */
  destroy(): void {
    this.#line.destroy();
  }
}
