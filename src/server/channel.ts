/**
 * The session's side of its connection: replies on their way out, whether the client is read, and since when it is
 * silent.
 * @module
 */
import { WITHOUT_STATUS } from "../handler/event.ts";
import type { Reply } from "../handler/reply.ts";
import type { SessionState } from "../handler/session.ts";
import type { Tls } from "../handler/tls.ts";
import { printReply } from "../smtp/reply.ts";
import { type Answered, logReply } from "./journal.ts";
import type { KnownCommand } from "./rule.ts";
import type { Clock, Transport } from "./transport.ts";

/**
 * Characters of replies that are gathered before they leave, although others will follow at once: those that are sent
 * show whether the client reads.
 */
const MANY = 16 * 1024;

/** One session's use of a transport. Replies are gathered and leave in one piece (RFC 2920 section 3.2). */
export class Channel {
  readonly #transport: Transport;
  readonly #session: SessionState;
  readonly #clock: Clock;
  #waiting = "";
  /** Since when the client has been silent, or has not taken our replies. */
  since: number;
  /** The client does not take what was sent. */
  blocked = false;
  /** The client is not read for now. */
  held = false;

  constructor(transport: Transport, session: SessionState, clock: Clock) {
    this.#transport = transport;
    this.#session = session;
    this.#clock = clock;
    this.since = clock.now;
  }

  /** Adds the reply to an event, and to the command behind it, to what will be sent, and logs it. */
  add(event: Answered, reply: Reply, command?: KnownCommand): void {
    this.#waiting += printReply(reply, !WITHOUT_STATUS.has(event.type));
    logReply(this.#session, event, reply, command);
  }

  /** Adds a challenge (RFC 4954 section 4). The log says nothing of it. */
  challenge(text: string): void {
    this.#waiting += printReply({ code: 334, lines: [text] }, false);
  }

  /** So much was added that it should not wait for more. */
  get full(): boolean {
    return this.#waiting.length > MANY;
  }

  /** Sends what was added. */
  flush(): void {
    if (this.#waiting === "") return;
    if (!this.#transport.send(this.#take())) this.blocked = true; // until it is `taken`
  }

  /** Sends what was added as the last clear words, and encrypts the connection. */
  secure(): Promise<Tls | undefined> {
    return this.#transport.secure(this.#take());
  }

  /** The client has taken what was sent. */
  taken(): void {
    this.blocked = false;
    this.touch();
  }

  /** Stops (true) or goes on (false) reading. */
  hold(on: boolean): void {
    if (this.held === on) return;
    this.held = on;
    this.touch();
    this.#transport.hold(on);
  }

  /** The client, or whoever reads its message, has done something. */
  touch(): void {
    this.since = this.#clock.now;
  }

  #take(): string {
    const waiting = this.#waiting;
    this.#waiting = "";
    this.touch();
    return waiting;
  }
}
