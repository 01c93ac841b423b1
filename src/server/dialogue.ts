/**
 * The SMTP dialogue of one session, without sockets: bytes in, replies and actions out.
 *
 * A line becomes a command (`smtp/command.ts`), a command an event that is legal or the event for why it is not
 * (`state.ts`), the event goes through the chain, and only a positive reply changes the state.
 *
 * @module
 */
import type { Event, LimitName } from "../handler/event.ts";
import { type Handler, isPromise } from "../handler/handler.ts";
import { BROKEN, isPositive, type Reply } from "../handler/reply.ts";
import { type SessionState, SessionView } from "../handler/session.ts";
import { redact } from "../log/redact.ts";
import { text } from "../smtp/ascii.ts";
import { type Command, type NotACommand, parseCommand } from "../smtp/command.ts";
import { LineCutter, TOO_LONG } from "../smtp/lines.ts";
import { type Mailbox, printPath } from "../smtp/mailbox.ts";
import { printReply } from "../smtp/reply.ts";
import { fitting } from "./fitting.ts";
import { newId } from "./id.ts";
import { Incoming } from "./incoming.ts";
import { type Limits, MAIL_EXTRA } from "./limits.ts";
import { after, eventOf, illegal, type State, withoutTransaction } from "./state.ts";

/** What a dialogue can do to its connection. */
export interface Wire {
  /** Sends replies. False if the client does not take them: {@linkcode Dialogue.sent} tells when it has. */
  send(replies: string): boolean;
  /** Stops (true) or goes on (false) reading. */
  hold(on: boolean): void;
  /** Closes the connection once everything is sent. */
  close(): void;
}

/** The time, in milliseconds from any beginning; it never goes back. */
export interface Clock {
  readonly now: number;
}

/** What the dialogues of a server share. */
export interface Engine {
  readonly chain: Handler;
  readonly limits: Limits;
  readonly clock: Clock;
}

/** An event whose answer is waited for. */
interface Question {
  readonly event: Event;
  readonly since: number;
  readonly then: (reply: Reply) => void;
}

/** Octets of commands that may wait while a handler thinks. */
const MAX_WAITING = 64 * 1024;
/** A minute's grace before a message must come at its minimum rate. */
const RATE_GRACE = 60_000;

/** The engine of one session. */
export class Dialogue {
  readonly #engine: Engine;
  readonly #session: SessionState;
  readonly #wire: Wire;
  readonly #view: SessionView;
  readonly #lines: LineCutter;
  #state: State = { at: "connected" };
  /** The message of the state `data`. */
  #incoming: Incoming | undefined;
  /** The answer to `Deliver`, which may come before the end of the message. */
  #delivered: Reply | undefined;
  #question: Question | undefined;
  #out = "";
  /** The client does not take what was sent. */
  #blocked = false;
  #held = false;
  #advancing = false;
  /** The client has said its last. */
  #ended = false;
  #closing = false;
  /** Since when the client has been silent, or we have. */
  #since: number;
  #dataSince = 0;
  #errors = 0;
  /** Messages that were taken. */
  messages = 0;

  constructor(engine: Engine, session: SessionState, wire: Wire) {
    this.#engine = engine;
    this.#session = session;
    this.#wire = wire;
    this.#view = new SessionView(session);
    this.#lines = new LineCutter(engine.limits.commandLength + MAIL_EXTRA);
    this.#since = engine.clock.now;
  }

  /** Nothing will be read or sent any more. */
  get closed(): boolean {
    return this.#state.at === "closed";
  }

  /** Greets the client, or refuses it because of a limit. */
  start(refuse?: LimitName): void {
    const event: Event = refuse === undefined
      ? { type: "Greeting" }
      : { type: "LimitExceeded", limit: refuse };
    this.#ask(event, (reply) => {
      this.#reply(event, reply);
      if (!isPositive(reply)) this.#close();
    });
    this.#advance();
  }

  /** Takes bytes from the client. They are kept: do not reuse the buffer. */
  receive(chunk: Uint8Array): void {
    if (this.closed) return;
    if (this.#incoming === undefined || this.#incoming.ended) this.#lines.feed(chunk);
    else this.#takeData(this.#incoming, chunk);
    this.#advance();
  }

  /** The client will send no more; what it has sent is still answered. */
  end(): void {
    this.#ended = true;
    this.#advance();
  }

  /** The client has taken what was sent. */
  sent(): void {
    this.#blocked = false;
    this.#since = this.#engine.clock.now;
    this.#advance();
  }

  /** The connection is gone. */
  lost(): void {
    if (this.closed) return;
    this.#incoming?.fail("the client went away");
    this.#become({ at: "closed" });
    this.#session.end();
  }

  /** The server goes down: ends the session now if it is between transactions, else after this one. */
  shutDown(): void {
    this.#closing = true;
    this.#advance();
  }

  /** Ends the session whatever it is doing. */
  cutShort(): void {
    if (this.closed) return;
    this.#question = undefined;
    if (this.#incoming !== undefined) this.#dropMessage(this.#incoming, "the server is going down");
    this.#last({ type: "ServiceClosing" });
  }

  /** Looks whether a deadline has passed, and acts if one has. Called every now and then. */
  checkDeadlines(): void {
    if (this.closed) return;
    const { limits, clock: { now } } = this.#engine;
    const silent = now - this.#since;
    if (this.#blocked) {
      if (silent > limits.writeTimeout) this.#close();
    } else if (this.#incoming !== undefined && !this.#incoming.ended) {
      this.#checkIncoming(this.#incoming, now);
    } else if (this.#question !== undefined) {
      const { event, since } = this.#question;
      const late = event.type === "Deliver"
        ? silent > limits.deliverTimeout
        : now - since > limits.handlerTimeout;
      if (late) this.#giveUp();
    } else if (silent > limits.commandTimeout) {
      this.#last({ type: "LimitExceeded", limit: "command-timeout" });
    }
  }

  #checkIncoming(incoming: Incoming, now: number): void {
    const { limits } = this.#engine;
    const age = now - this.#dataSince;
    if (this.#held) {
      if (now - this.#since > limits.deliverTimeout) this.#giveUp();
      return;
    }
    let limit: LimitName | undefined;
    if (now - this.#since > limits.dataTimeout) limit = "data-timeout";
    else if (age > limits.messageTimeout) limit = "message-timeout";
    else if (age > RATE_GRACE && incoming.size < limits.dataRate * age / 1000) limit = "data-rate";
    if (limit === undefined) return;
    this.#dropMessage(incoming, "it did not come in time");
    this.#last({ type: "LimitExceeded", limit });
  }

  /** The message that is coming in, or being delivered, is of no interest any more. */
  #dropMessage(incoming: Incoming, reason: string): void {
    incoming.fail(reason);
    incoming.abort.abort();
    this.#question = undefined;
    this.#incoming = undefined;
    this.#delivered = undefined;
  }

  /** A handler did not answer in time. */
  #giveUp(): void {
    const question = this.#question;
    if (question === undefined) return;
    const { supervisor } = this.#session;
    supervisor.broke(supervisor.hanging ?? "core", question.event, "did not answer in time");
    supervisor.giveUp();
    this.#question = undefined;
    if (question.event.type === "Deliver") {
      this.#incoming?.fail("it could not be delivered in time");
      this.#incoming?.abort.abort();
    }
    question.then(BROKEN);
    this.#advance();
  }

  /** Works off what has come in, as far as it goes, and sends the replies in one piece. */
  #advance(): void {
    if (this.#advancing) return;
    this.#advancing = true;
    while (this.#question === undefined && !this.#blocked && !this.closed) {
      if (this.#incoming !== undefined) break;
      if (this.#mayLeave()) {
        this.#last({ type: "ServiceClosing" });
        break;
      }
      const line = this.#lines.next();
      if (line === undefined) break;
      this.#takeLine(line);
    }
    this.#advancing = false;
    if (this.closed) return;
    const busy = this.#question !== undefined;
    if (!busy || this.#incoming !== undefined) this.#flush();
    if (this.#ended && this.#nothingLeft()) return this.#close();
    this.#hold(
      this.#incoming !== undefined && !this.#incoming.ended
        ? this.#incoming.body.full
        : (busy || this.#blocked) && this.#lines.pending > MAX_WAITING,
    );
  }

  /** The client has left and there is nothing more to do for it. */
  #nothingLeft(): boolean {
    return this.#incoming === undefined ? this.#question === undefined : !this.#incoming.ended;
  }

  #mayLeave(): boolean {
    return this.#closing && (this.#state.at === "connected" || this.#state.at === "greeted");
  }

  #takeLine(line: Uint8Array | typeof TOO_LONG): void {
    const { limits } = this.#engine;
    const { log } = this.#session.context;
    if (line === TOO_LONG) return this.#protest({ type: "LimitExceeded", limit: "command-length" });
    if (log.wants("command")) {
      log("command", { session: this.#view.id, line: redact(text(line, 0, line.length)) });
    }
    const command = parseCommand(line);
    if (!("verb" in command)) return this.#protest(notACommand(command));
    if (line.length + 2 > limits.commandLength && command.verb !== "MAIL") {
      return this.#protest({ type: "LimitExceeded", limit: "command-length" });
    }
    const wrong = illegal(this.#state, command, limits, this.messages);
    if (wrong !== undefined) return this.#protest(wrong);
    this.#take(command);
  }

  /** A line that was wrong in itself or at its time. */
  #protest(event: Event): void {
    this.#errors++;
    if (this.#errors > this.#engine.limits.errors) {
      return this.#last({ type: "LimitExceeded", limit: "errors" });
    }
    this.#ask(event, (reply) => this.#reply(event, reply));
  }

  #take(command: Command): void {
    const event = eventOf(command);
    this.#ask(event, (reply) => {
      this.#reply(event, reply);
      if (command.verb === "QUIT") return this.#close();
      if (!isPositive(reply) || this.closed) return;
      this.#become(after(this.#state, command, reply, newId));
      if (command.verb === "DATA") this.#startData();
    });
  }

  #startData(): void {
    const { limits } = this.#engine;
    const incoming = this.#incoming = new Incoming(limits, () => this.#advance());
    this.#dataSince = this.#since = this.#engine.clock.now;
    this.#flush();
    const { body, abort: { signal } } = incoming;
    const routes = this.#session.transaction?.routes ?? [];
    this.#ask({ type: "Deliver", body, routes, signal }, (reply) => {
      this.#delivered = reply;
      body.discard();
      this.#finishData();
    });
    const rest = this.#lines.takeRest();
    if (rest.length > 0) this.#takeData(incoming, rest);
  }

  #takeData(incoming: Incoming, chunk: Uint8Array): void {
    this.#since = this.#engine.clock.now;
    const used = incoming.take(chunk);
    if (!incoming.ended) return;
    this.#lines.feed(chunk.subarray(used));
    this.#finishData();
  }

  /** Both the message and the answer to it have come. */
  #finishData(): void {
    const incoming = this.#incoming, answer = this.#delivered;
    if (incoming === undefined || answer === undefined || !incoming.ended) return;
    const { fault } = incoming;
    if (fault === undefined) return this.#endTransaction({ type: "Deliver" }, answer, incoming);
    this.#ask(fault, (reply) => this.#endTransaction(fault, reply, incoming));
  }

  #endTransaction(event: Pick<Event, "type">, reply: Reply, incoming: Incoming): void {
    const { context: { log }, transaction } = this.#session;
    this.messages++;
    if (transaction !== undefined && log.wants("received")) {
      log("received", {
        session: this.#view.id,
        id: transaction.id,
        sender: printPath(transaction.mailFrom),
        recipients: transaction.recipients.map(printPath),
        size: incoming.size,
        code: reply.code,
      });
    }
    this.#reply(event, reply);
    this.#incoming = undefined;
    this.#delivered = undefined;
    this.#become(withoutTransaction(this.#state));
    this.#advance();
  }

  /** Puts an event to the chain. `then` runs at once if the answer is there at once. */
  #ask(event: Event, then: (reply: Reply) => void): void {
    const { chain, clock } = this.#engine;
    const { supervisor } = this.#session;
    const reply = chain(event, () => BROKEN, this.#view);
    if (!isPromise(reply)) return then(fitting(event, reply, supervisor));
    const question: Question = { event, then, since: clock.now };
    this.#question = question;
    const answered = (late: Reply) => {
      if (this.#question !== question) return; // given up
      this.#question = undefined;
      this.#since = clock.now;
      if (this.closed) return;
      then(fitting(event, late, supervisor));
      this.#advance();
    };
    reply.then(answered, (error) => {
      supervisor.broke("chain", event, error);
      answered(BROKEN);
    });
  }

  /** Adds a reply to what will be sent. 221 and 421 end the session. */
  #reply(event: Pick<Event, "type"> & { mailbox?: Mailbox | null }, reply: Reply): void {
    const { log } = this.#session.context;
    const session = this.#view.id;
    const { type } = event;
    this.#out += printReply(reply, !WITHOUT_STATUS.has(type));
    if (log.wants("reply")) {
      log("reply", { session, code: reply.code, text: reply.lines.join(" / ") });
    }
    if (!isPositive(reply) && log.wants("rejected")) {
      const address = event.mailbox === undefined ? undefined : printPath(event.mailbox);
      log("rejected", {
        session,
        event: type,
        address,
        code: reply.code,
        text: reply.lines.join(" / "),
      });
    }
    if (reply.code === 221 || reply.code === 421) this.#close();
  }

  /** One more reply, and then the end. */
  #last(event: Event): void {
    this.#ask(event, (reply) => {
      this.#reply(event, reply);
      this.#close();
    });
  }

  #close(): void {
    if (this.closed) return;
    this.#flush();
    this.lost();
    this.#wire.close();
  }

  #flush(): void {
    if (this.#out === "" || this.closed) return;
    const out = this.#out;
    this.#out = "";
    this.#since = this.#engine.clock.now;
    if (!this.#wire.send(out)) this.#blocked = true;
  }

  #hold(on: boolean): void {
    if (this.#held === on) return;
    this.#held = on;
    this.#since = this.#engine.clock.now;
    this.#wire.hold(on);
  }

  #become(state: State): void {
    this.#state = state;
    this.#session.show(
      "helo" in state ? state.helo : undefined,
      "transaction" in state ? state.transaction : undefined,
    );
  }
}

/** Replies that carry no enhanced status code (RFC 2034 section 4). */
const WITHOUT_STATUS: ReadonlySet<Event["type"]> = new Set(["Greeting", "SayHelo", "SayEhlo"]);

function notACommand(line: NotACommand): Event {
  if ("unrecognized" in line) return { type: "Unrecognized", line: line.unrecognized };
  if ("notImplemented" in line) return { type: "NotImplemented", command: line.notImplemented };
  return { type: "SyntaxErrorIn", command: line.syntaxErrorIn, fault: line.fault };
}
