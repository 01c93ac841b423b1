/**
 * What goes to the client: replies are gathered and leave in one piece (RFC 2920 section 3.2).
 *
 * @module
 */
import { WITHOUT_STATUS } from "../handler/event.ts";
import type { Reply } from "../handler/reply.ts";
import type { SessionState } from "../handler/session.ts";
import { printReply } from "../smtp/reply.ts";
import { type Answered, logReply } from "./journal.ts";
import type { Transport } from "./transport.ts";

/**
 * Characters of replies that are gathered before they leave, although others will follow at once: those that are sent
 * show whether the client reads.
 */
const MANY = 16 * 1024;

/** The replies of one session on their way out. */
export class Outlet {
  readonly #transport: Transport;
  readonly #session: SessionState;
  #waiting = "";
  /** The client does not take what was sent. */
  blocked = false;

  constructor(transport: Transport, session: SessionState) {
    this.#transport = transport;
    this.#session = session;
  }

  /** Adds a reply to what will be sent. */
  add(event: Answered, reply: Reply): void {
    this.#waiting += printReply(reply, !WITHOUT_STATUS.has(event.type));
    logReply(this.#session, event, reply);
  }

  /** So much was added that it should not wait for more. */
  get full(): boolean {
    return this.#waiting.length > MANY;
  }

  /** Sends what was added; false if that was nothing. */
  flush(): boolean {
    if (this.#waiting === "") return false;
    const waiting = this.#waiting;
    this.#waiting = "";
    this.blocked = !this.#transport.send(waiting);
    return true;
  }
}
