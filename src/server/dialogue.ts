/**
 * The SMTP dialogue of one session, without sockets: bytes in, replies and actions out. Here is when something is done;
 * what is done is in `protocol.ts`.
 * @module
 */
import type { LimitName } from "../handler/event.ts";
import type { SessionState } from "../handler/session.ts";
import { TOO_LONG } from "../smtp/lines.ts";
import { overdue } from "./deadlines.ts";
import type { Engine } from "./engine.ts";
import { Protocol } from "./protocol.ts";
import type { Transport } from "./transport.ts";

/** The engine of one session. */
export class Dialogue {
  readonly #protocol: Protocol;
  /** Guards {@linkcode Dialogue.#advance} against itself. */
  #advancing = false;
  /** The server is going down. */
  #leaving = false;

  constructor(engine: Engine, session: SessionState, transport: Transport) {
    this.#protocol = new Protocol(engine, session, transport, () => this.#advance());
  }

  /** Greets the client, or refuses it because of a limit. */
  start(refuse?: LimitName): void {
    this.#protocol.greet(refuse);
    this.#advance();
  }

  /** As {@linkcode Dialogue.start}, once the connection is encrypted. */
  startSecurely(refuse?: LimitName): void {
    this.#protocol.secure(() => this.#protocol.greet(refuse));
  }

  /** Takes bytes from the client. They are kept and changed: the buffer is the dialogue's from now on. */
  receive(chunk: Uint8Array): void {
    if (this.closed) return;
    const { channel, lines, mail, mail: { receiving } } = this.#protocol;
    if (lines.skipping !== undefined) channel.touch();
    if (receiving === undefined) lines.feed(chunk);
    else mail.take(receiving, chunk);
    this.#advance();
  }

  /** The client will send no more; what it has sent is still answered. */
  end(): void {
    this.#protocol.ended = true;
    this.#advance();
  }

  /** The client has taken what was sent. */
  sent(): void {
    this.#protocol.channel.taken();
    this.#advance();
  }

  /** The connection is gone. The delivery of a message that has come whole goes on, and the session with it. */
  lost(): void {
    if (!this.closed) this.#protocol.lost();
  }

  /** The server goes down: ends the session now if it is between transactions, else after this one. */
  shutDown(): void {
    this.#leaving = true;
    this.#advance();
  }

  /** Ends the session whatever it is doing. */
  cutShort(): void {
    if (this.closed) return;
    if (this.#protocol.state.at === "securing") this.#protocol.drop(); // no clear word into a handshake
    else this.#protocol.breakOff({ type: "ServiceClosing" }, "the server is going down");
  }

  /** Looks whether a deadline has passed, and acts if one has. To be called every now and then. */
  checkDeadlines(): void {
    if (this.closed) return;
    const protocol = this.#protocol;
    if (protocol.pace.release()) {
      protocol.channel.flush();
      this.#advance();
    }
    const late = overdue(protocol);
    if (late === undefined) return;
    if (late === "write") protocol.drop(); // nobody would read another word
    else if (late === "handler") protocol.giveUp();
    else protocol.breakOff({ type: "LimitExceeded", limit: late }, "it did not come in time");
  }

  /** Nothing that the client has sent waits for an answer. */
  get idle(): boolean {
    const { inquiry, mail, pace, state } = this.#protocol;
    return mail.receiving !== undefined ||
      (state.at !== "data" && inquiry.open === undefined && !pace.pausing);
  }

  /** It has ended. */
  get closed(): boolean {
    return this.#protocol.closed;
  }

  /** Messages that have begun. */
  get messages(): number {
    return this.#protocol.messages;
  }

  /** Works off what has come in, as far as it goes, and sends the replies together. */
  #advance(): void {
    if (this.#advancing) return;
    this.#advancing = true;
    const protocol = this.#protocol;
    const { channel, lines, pace } = protocol;
    while (this.#ready() && !this.#mayLeave()) {
      const { beginning } = lines;
      const line = lines.next();
      if (channel.full) channel.flush();
      if (line === undefined || line === TOO_LONG) {
        if (protocol.turnAway(beginning) || line === undefined) break;
        protocol.takeTooLong();
      } else protocol.takeLine(line);
      pace.count(lines.pending > 0);
    }
    this.#advancing = false;
    if (this.closed) return;
    if (this.#ready() && this.#mayLeave()) protocol.last({ type: "ServiceClosing" });
    if (this.idle || protocol.state.at === "data") channel.flush();
    if (protocol.ended && this.#isOver) protocol.close();
    else channel.hold(this.#enough());
  }

  /** Nothing can come any more of a client that sends no more. */
  get #isOver(): boolean {
    return this.#protocol.mail.receiving !== undefined || (this.idle && this.#ready());
  }

  /** The next line may be looked at. */
  #ready(): boolean {
    const { state: { at }, inquiry, channel, pace } = this.#protocol;
    return at !== "data" && at !== "securing" && at !== "closed" && inquiry.open === undefined &&
      !channel.blocked && !pace.pausing && !this.#isBodyFull;
  }

  #mayLeave(): boolean {
    const { at } = this.#protocol.state;
    return this.#leaving && (at === "connected" || at === "greeted");
  }

  /** No more should be read for now: so much has come in, or what comes is no longer clear text. */
  #enough(): boolean {
    const { state, lines } = this.#protocol;
    return this.#isBodyFull || state.at === "securing" || (!this.#ready() && lines.full);
  }

  /** Whoever reads the message is slower than it comes. */
  get #isBodyFull(): boolean {
    return this.#protocol.mail.unfinished?.body.full ?? false;
  }
}
