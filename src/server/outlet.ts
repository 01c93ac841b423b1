/**
 * What goes to the client: replies are gathered and leave in one piece (RFC 2920 section 3.2).
 *
 * @module
 */
import { type Event, WITHOUT_STATUS } from "../handler/event.ts";
import { isPositive, type Reply } from "../handler/reply.ts";
import type { SessionState } from "../handler/session.ts";
import { type Mailbox, printPath } from "../smtp/mailbox.ts";
import { printReply } from "../smtp/reply.ts";
import type { Wire } from "./wire.ts";

/** The event that a reply answers. */
export type Answered = Pick<Event, "type"> & { readonly mailbox?: Mailbox | null };

/** Characters of replies that are gathered before they leave, although others will follow at once. */
const MANY = 16 * 1024;

/** The replies of one session on their way out. */
export class Outlet {
  readonly #wire: Wire;
  readonly #session: SessionState;
  #waiting = "";
  /** The client does not take what was sent. */
  blocked = false;

  constructor(wire: Wire, session: SessionState) {
    this.#wire = wire;
    this.#session = session;
  }

  /** Adds a reply to what will be sent. */
  add(event: Answered, reply: Reply): void {
    this.#waiting += printReply(reply, !WITHOUT_STATUS.has(event.type));
    this.#log(event, reply);
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
    this.blocked = !this.#wire.send(waiting);
    return true;
  }

  #log({ type, mailbox }: Answered, reply: Reply): void {
    const { id: session, context: { log } } = this.#session;
    const { code } = reply;
    const refused = !isPositive(reply) && log.wants("rejected");
    if (!refused && !log.wants("reply")) return;
    const text = reply.lines.join(" / ");
    log("reply", { session, code, text });
    if (!refused) return;
    const address = mailbox === undefined ? undefined : printPath(mailbox);
    log("rejected", { session, event: type, address, code, text });
  }
}
