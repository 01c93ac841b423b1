/**
 * The SMTP dialogue of one session, without sockets: bytes in, replies and actions out.
 *
 * @module
 */
import type { Event, LimitName } from "../handler/event.ts";
import { isPositive, type Reply } from "../handler/reply.ts";
import type { SessionState } from "../handler/session.ts";
import { type Command, parseCommand } from "../smtp/command.ts";
import { TOO_LONG } from "../smtp/lines.ts";
import { foreignLine } from "../smtp/other_protocol.ts";
import type { Tolerance } from "../smtp/tolerance.ts";
import { Backlog } from "./backlog.ts";
import { Conduct, TOO_MANY_ERRORS } from "./conduct.ts";
import { overdue } from "./deadlines.ts";
import type { Engine } from "./engine.ts";
import { lineLength } from "./extensions.ts";
import { Incoming } from "./incoming.ts";
import { Inquiry } from "./inquiry.ts";
import { type Answered, logCommand, logForeign, logReceived } from "./journal.ts";
import { Outlet } from "./outlet.ts";
import { Pace } from "./pace.ts";
import { after, eventOf, eventOfFaulty, illegal, type State, withoutTransaction } from "./state.ts";
import { toleranceFor } from "./tolerated.ts";
import type { Transport } from "./transport.ts";

/** The engine of one session. */
export class Dialogue {
  readonly #engine: Engine;
  readonly #session: SessionState;
  readonly #transport: Transport;
  readonly #tolerance: Tolerance;
  readonly #lines: Backlog;
  readonly #inquiry: Inquiry;
  readonly #outlet: Outlet;
  readonly #pace: Pace;
  readonly #conduct: Conduct;
  #state: State = { at: "connected" };
  /** Since when the client has been silent, or has not taken our replies. */
  #since: number;
  /** We do not read for now. */
  #held = false;
  /** Guards {@linkcode Dialogue.#advance} against itself. */
  #advancing = false;
  /** The client has said its last. */
  #ended = false;
  /** The server is going down. */
  #leaving = false;
  /** Messages that came to their final dot. */
  messages = 0;

  constructor(engine: Engine, session: SessionState, transport: Transport) {
    this.#engine = engine;
    this.#session = session;
    this.#transport = transport;
    this.#tolerance = toleranceFor(session.peer.address, engine.tolerated);
    const { bareLineFeeds } = this.#tolerance;
    this.#lines = new Backlog(lineLength(undefined, engine.limits), engine.memory, bareLineFeeds);
    this.#inquiry = new Inquiry(engine.chain, session, engine.clock, () => this.#advance());
    this.#outlet = new Outlet(transport, session);
    this.#pace = new Pace(engine.clock, () => this.#advance());
    this.#conduct = new Conduct(engine.limits);
    this.#since = engine.clock.now;
  }

  /** Greets the client, or refuses it because of a limit. */
  start(refuse?: LimitName): void {
    const event: Event = refuse ? { type: "LimitExceeded", limit: refuse } : { type: "Greeting" };
    this.#inquiry.ask(event, (reply) => {
      this.#reply(event, reply);
      if (!isPositive(reply)) this.#close();
    });
    this.#advance();
  }

  /** Takes bytes from the client. They are kept and changed: the buffer is the dialogue's from now on. */
  receive(chunk: Uint8Array): void {
    if (this.closed) return;
    const incoming = this.#unfinished;
    if (incoming === undefined) this.#lines.feed(chunk);
    else this.#takeData(incoming, chunk);
    this.#advance();
  }

  /** The client will send no more; what it has sent is still answered. */
  end(): void {
    this.#ended = true;
    this.#advance();
  }

  /** The client has taken what was sent. */
  sent(): void {
    this.#outlet.blocked = false;
    this.#touch();
    this.#advance();
  }

  /** The connection is gone. The delivery of a message that has come whole goes on, and the session with it. */
  lost(): void {
    if (this.closed) return;
    this.#lines.takeRest();
    if (this.#state.at === "data" && this.#state.incoming.ended) {
      this.#ended = true;
      this.#outlet.blocked = false;
      return;
    }
    if (this.#state.at === "data") this.#state.incoming.fail("the client went away");
    this.#inquiry.forget();
    this.#become({ at: "closed" });
    this.#session.end();
  }

  /** The server goes down: ends the session now if it is between transactions, else after this one. */
  shutDown(): void {
    this.#leaving = true;
    this.#advance();
  }

  /** Ends the session whatever it is doing. */
  cutShort(): void {
    if (!this.closed) this.#breakOff({ type: "ServiceClosing" }, "the server is going down");
  }

  /** Looks whether a deadline has passed, and acts if one has. To be called every now and then. */
  checkDeadlines(): void {
    if (this.closed) return;
    if (this.#pace.release()) {
      this.#flush();
      this.#advance();
    }
    const { limits, clock } = this.#engine;
    const late = overdue({
      now: clock.now,
      since: this.#since,
      blocked: this.#outlet.blocked,
      held: this.#held,
      pausing: this.#pace.pausing,
      question: this.#inquiry.open,
      incoming: this.#unfinished,
    }, limits);
    if (late === undefined) return;
    if (late === "write") { // the client does not read: no use to say another word
      this.lost();
      this.#transport.drop();
    } else if (late === "handler") this.#giveUp();
    else this.#breakOff({ type: "LimitExceeded", limit: late }, "it did not come in time");
  }

  /** Nothing that the client has sent waits for an answer. */
  get idle(): boolean {
    return this.#unfinished !== undefined ||
      (this.#inquiry.open === undefined && !this.#pace.pausing);
  }

  /** It has ended. */
  get closed(): boolean {
    return this.#state.at === "closed";
  }

  /** The message whose final dot has not come. */
  get #unfinished(): Incoming | undefined {
    return this.#state.at === "data" && !this.#state.incoming.ended
      ? this.#state.incoming
      : undefined;
  }

  /** Works off what has come in, as far as it goes, and sends the replies together. */
  #advance(): void {
    if (this.#advancing) return;
    this.#advancing = true;
    while (this.#ready() && !this.#mayLeave()) {
      const { beginning } = this.#lines;
      const line = this.#lines.next();
      if (this.#outlet.full) this.#flush();
      if (line === undefined || line === TOO_LONG) {
        if (this.#turnAway(beginning) || line === undefined) break;
        this.#protest({ type: "LimitExceeded", limit: "command-length" });
      } else this.#takeLine(line);
      this.#pace.count(this.#lines.pending > 0);
    }
    this.#advancing = false;
    if (this.closed) return;
    if (this.#ready() && this.#mayLeave()) this.#last({ type: "ServiceClosing" });
    if (this.idle || this.#state.at === "data") this.#flush();
    if (this.#ended && this.idle) this.#close();
    else this.#hold(this.#enough());
  }

  /** The next line may be looked at. */
  #ready(): boolean {
    return this.#state.at !== "data" && !this.closed && this.#inquiry.open === undefined &&
      !this.#outlet.blocked && !this.#pace.pausing;
  }

  #mayLeave(): boolean {
    return this.#leaving && (this.#state.at === "connected" || this.#state.at === "greeted");
  }

  /** So much has come in that no more should be read for now. */
  #enough(): boolean {
    return this.#unfinished?.body.full ?? (!this.#ready() && this.#lines.full);
  }

  #takeLine(line: Uint8Array): void {
    const { limits } = this.#engine;
    logCommand(this.#session, line);
    const command = parseCommand(line, this.#tolerance);
    if (!("verb" in command)) {
      return this.#turnAway(line) ? undefined : this.#protest(eventOfFaulty(command));
    }
    if (line.length + 2 > lineLength(command.verb, limits)) {
      return this.#protest({ type: "LimitExceeded", limit: "command-length" });
    }
    const wrong = illegal(this.#state, command, this.#session, limits, this.messages) ??
      this.#conduct.faultIn(command, this.#state);
    if (wrong !== undefined) return this.#protest(wrong, command);
    this.#take(command);
  }

  /** Ends the session if what has come of a line is of another protocol. Says whether it is. */
  #turnAway(octets: Uint8Array): boolean {
    const foreign = foreignLine(octets);
    if (foreign === undefined) return false;
    logForeign(this.#session, foreign);
    this.#last({ type: "OtherProtocol", ...foreign });
    return true;
  }

  /** A line that was wrong in itself or at its time. */
  #protest(event: Event, refused?: Command): void {
    if (this.#conduct.isTooMuch(event)) return this.#last(TOO_MANY_ERRORS);
    this.#inquiry.ask(event, (reply) => this.#answer({ ...event, refused }, reply));
  }

  #take(command: Command): void {
    const event = eventOf(command);
    if (command.verb === "MAIL") this.#session.forget();
    this.#inquiry.ask(event, (reply) => {
      this.#answer(event, reply);
      if (command.verb === "QUIT") return this.#close();
      if (!isPositive(reply) || this.closed) return;
      if (command.verb === "DATA") this.#startData();
      else this.#become(after(this.#state, command, reply, this.#engine.newId));
    });
  }

  #startData(): void {
    if (this.#state.at !== "rcpt") return;
    const { bareLineFeeds } = this.#tolerance;
    const incoming = new Incoming(this.#engine, bareLineFeeds, () => this.#advance());
    this.#become({ ...this.#state, at: "data", incoming });
    this.#flush();
    this.#touch();
    this.#inquiry.ask(incoming.event(this.#state.transaction.routes), (reply) => {
      incoming.answer = reply;
      incoming.fail("it was answered before its end");
      this.#finishData(incoming);
    });
    const rest = this.#lines.takeRest();
    if (rest.length > 0) this.#takeData(incoming, rest);
  }

  #takeData(incoming: Incoming, chunk: Uint8Array): void {
    this.#touch();
    const used = incoming.take(chunk);
    if (!incoming.ended) return;
    this.#lines.feed(chunk.subarray(used));
    this.#finishData(incoming);
  }

  /** Ends the transaction once both the message and the answer to it have come. */
  #finishData(incoming: Incoming): void {
    const { answer, ended, fault } = incoming;
    if (answer === undefined || !ended) return;
    if (fault === undefined) return this.#endTransaction({ type: "Deliver" }, answer, incoming);
    this.#inquiry.ask(fault, (reply) => this.#endTransaction(fault, reply, incoming));
  }

  #endTransaction(event: Answered, reply: Reply, { size }: Incoming): void {
    this.messages++;
    logReceived(this.#session, size, reply);
    this.#session.endings.end(event.type === "Deliver" && isPositive(reply));
    this.#reply(event, reply);
    this.#become(withoutTransaction(this.#state));
    this.#advance();
  }

  /** A handler did not answer in time. */
  #giveUp(): void {
    if (this.#state.at === "data") this.#state.incoming.drop("it could not be delivered in time");
    this.#inquiry.giveUp();
  }

  /** Ends the session in the middle of something. */
  #breakOff(event: Event, reason: string): void {
    this.#inquiry.forget();
    if (this.#state.at === "data") this.#state.incoming.drop(reason);
    this.#become(withoutTransaction(this.#state));
    this.#last(event);
  }

  #answer(event: Event & Answered, reply: Reply): void {
    this.#pace.hold(this.#conduct.answered(event, reply, event.refused));
    this.#reply(event, reply);
  }

  /** 221 and 421 end the session. */
  #reply(event: Answered, reply: Reply): void {
    this.#outlet.add(event, reply);
    if (reply.code === 221 || reply.code === 421) this.#close();
  }

  /** One more reply, and then the end. */
  #last(event: Event): void {
    this.#inquiry.ask(event, (reply) => {
      this.#reply(event, reply);
      this.#close();
    });
  }

  #close(): void {
    if (this.closed) return;
    this.#outlet.flush();
    this.lost();
    this.#transport.close();
  }

  #flush(): void {
    if (this.#outlet.flush()) this.#touch();
  }

  #hold(on: boolean): void {
    if (this.#held === on) return;
    this.#held = on;
    this.#touch();
    this.#transport.hold(on);
  }

  #touch(): void {
    this.#since = this.#engine.clock.now;
  }

  #become(state: State): void {
    this.#state = state;
    this.#session.show(
      "helo" in state ? state.helo : this.#session.helo,
      "transaction" in state ? state.transaction : undefined,
    );
  }
}
