/**
 * What the server makes of each line and each message of a session: the state, what is asked, and what is said.
 * @module
 */
import type { Event, LimitName } from "../handler/event.ts";
import { BROKEN, isPositive, type Reply } from "../handler/reply.ts";
import type { Helo, SessionState } from "../handler/session.ts";
import { protocolAt } from "../net/address.ts";
import type { ClientDetails } from "../smtp/client_details.ts";
import { type MailProtocol, parseCommand } from "../smtp/command.ts";
import { foreignLine } from "../smtp/other_protocol.ts";
import type { Tolerance } from "../smtp/tolerance.ts";
import { lastChallenge } from "./auth.ts";
import { Backlog } from "./backlog.ts";
import { Channel } from "./channel.ts";
import { faulty, legalCommand } from "./commands.ts";
import { Conduct, TOO_MANY_ERRORS } from "./conduct.ts";
import type { Engine } from "./engine.ts";
import { Inquiry } from "./inquiry.ts";
import {
  logAuthenticated,
  logCommand,
  logEarly,
  logEncrypted,
  logForeign,
  logNamed,
} from "./journal.ts";
import { Mail, type MailContext } from "./mail.ts";
import { peerNamed } from "./named_client.ts";
import { Pace } from "./pace.ts";
import type { Answer, Challenge, KnownCommand, LegalCommand, Wrong } from "./rule.ts";
import { settled, type State } from "./state.ts";
import { toleranceFor } from "./tolerated.ts";
import type { Transport } from "./transport.ts";
import { heloOf } from "./xclient.ts";

/** What is waited for between the lines of AUTH. */
const EXCHANGE: Event = { type: "Authenticate", mechanism: "", user: "" };

/** One session. When a line is its turn is not known here, but in `dialogue.ts`. */
export class Protocol implements MailContext {
  readonly engine: Engine;
  readonly session: SessionState;
  readonly lines: Backlog;
  readonly channel: Channel;
  /** What is asked of commands. */
  readonly inquiry: Inquiry;
  readonly mail: Mail;
  readonly pace: Pace;
  readonly #transport: Transport;
  /** Called when what the session waited for is there. */
  readonly goOn: () => void;
  tolerance: Tolerance;
  readonly #protocol: MailProtocol;
  conduct: Conduct;
  /** Octets of the longest command. */
  readonly #longest: number;
  #state: State = { at: "connected" };
  /** The client has said its last. */
  ended = false;

  constructor(engine: Engine, session: SessionState, transport: Transport, goOn: () => void) {
    const { chain, clock, extensions, limits, memory, tolerated } = engine;
    this.engine = engine;
    this.session = session;
    this.#transport = transport;
    this.goOn = goOn;
    this.tolerance = toleranceFor(session.peer.address, tolerated);
    this.#protocol = protocolAt(session.listener.kind);
    this.#longest = extensions.lineLength(undefined, limits.commandLength);
    this.conduct = new Conduct(limits);
    this.lines = new Backlog(memory, this.#longest, this.tolerance.bareLineFeeds);
    this.channel = new Channel(transport, session, clock);
    this.inquiry = new Inquiry(chain, session, clock, goOn);
    this.pace = new Pace(clock, goOn);
    this.mail = new Mail(this);
  }

  get state(): State {
    return this.#state;
  }

  /** Messages that have begun. */
  get messages(): number {
    return this.mail.count;
  }

  get closed(): boolean {
    return this.#state.at === "closed";
  }

  /**
   * Greets the client, or refuses it because of a limit.
   *
   * @param helo what another server has heard the client say
   */
  greet(refuse?: LimitName, helo?: Helo): void {
    const event: Event = refuse ? { type: "LimitExceeded", limit: refuse } : { type: "Greeting" };
    this.inquiry.ask(event, (reply) => {
      if (!isPositive(reply)) this.#welcome(event, reply);
      else if (helo !== undefined) this.#introduce(helo, reply);
      else if (this.lines.pending > 0 && !this.session.named) this.#hearEarly(reply);
      else this.#welcome(event, reply);
    });
  }

  /** Begins anew with a client that another server names. */
  #beginWith(client: ClientDetails): void {
    const { session, engine: { tolerated, limits } } = this;
    const { peer: speaker } = session;
    session.begin(peerNamed(client, speaker), client.login);
    this.tolerance = toleranceFor(session.peer.address, tolerated);
    this.lines.bareLineFeeds = this.tolerance.bareLineFeeds;
    this.conduct = new Conduct(limits);
    this.become({ at: "connected" });
    logNamed(session, client, speaker);
    const refuse = session.peer === speaker ? undefined : this.#transport.recount?.();
    this.greet(refuse, heloOf(client));
  }

  /** Takes a HELO that another server has heard; only a refusal of it is sent. */
  #introduce(helo: Helo, greeting: Reply): void {
    const event: Event = { type: helo.extended ? "SayEhlo" : "SayHelo", name: helo.name };
    this.inquiry.ask(event, (reply) => {
      if (!isPositive(reply)) return this.answer(event, reply);
      this.become({ at: "greeted", helo });
      this.#reply({ type: "Greeting" }, greeting);
    });
  }

  /** Asks about a client that does not wait for the greeting. */
  #hearEarly(greeting: Reply): void {
    const event: Event = { type: "TalksEarly" };
    logEarly(this.session, this.lines.pending);
    this.inquiry.ask(event, (reply) => this.#welcome(event, isPositive(reply) ? greeting : reply));
  }

  #welcome(event: Event, reply: Reply): void {
    this.#reply(event, reply);
    if (!isPositive(reply)) this.close();
  }

  /** Takes a line: a command, or the client's answer to a challenge. */
  takeLine(line: Uint8Array): void {
    const state = this.#state;
    logCommand(this.session, line, state.at === "challenged");
    if (state.at === "challenged") return this.#takeAnswer(line, state);
    const parsed = parseCommand(line, this.tolerance, this.engine.domain, this.#protocol);
    if (!("verb" in parsed) && this.turnAway(line)) return;
    const legal = legalCommand(parsed, line.length + 2, this);
    if ("wrong" in legal) return this.#protest(legal);
    const wrong = this.conduct.faultIn(legal.command, state);
    if (wrong === undefined) this.#take(legal);
    else this.#protest({ wrong, refused: legal.command, payload: legal.payload() });
  }

  /** A line was left out that is too long. */
  takeTooLong(): void {
    if (this.#state.at === "challenged") this.become(settled(this.#state));
    this.#protest({ wrong: { type: "LimitExceeded", limit: "command-length" } });
  }

  /** Ends the session if what has come of a line is of another protocol. Says whether it is. */
  turnAway(octets: Uint8Array): boolean {
    const foreign = this.#state.at === "challenged" ? undefined : foreignLine(octets);
    if (foreign === undefined) return false;
    logForeign(this.session, foreign);
    this.last({ type: "OtherProtocol", ...foreign });
    return true;
  }

  /** A handler did not answer in time. */
  giveUp(): void {
    if (this.inquiry.open !== undefined) return this.inquiry.giveUp();
    this.mail.giveUp();
  }

  /** Ends the session in the middle of something; without a word if the client expects no clear text. */
  breakOff(event: Event, reason: string): void {
    if (this.#state.at === "securing") return this.drop();
    this.inquiry.forget();
    this.mail.abandon(reason);
    this.become(settled(this.#state));
    this.last(event);
  }

  /** One more reply, and then the end. */
  last(event: Event): void {
    this.inquiry.ask(event, (reply) => {
      this.#reply(event, reply);
      this.close();
    });
  }

  close(): void {
    if (this.closed) return;
    this.channel.flush();
    this.lost();
    this.#transport.close();
  }

  /** Ends the session without another word. */
  drop(): void {
    this.lost();
    this.#transport.drop();
  }

  /** The connection is gone. The delivery of a message that has come whole goes on, and the session with it. */
  lost(): void {
    this.lines.takeRest();
    if (this.#state.at === "data" && this.#state.incoming.ended) {
      this.ended = true;
      this.channel.blocked = false;
      return;
    }
    this.mail.abandon("the client went away");
    this.inquiry.forget();
    this.become({ at: "closed" });
    this.session.end();
  }

  #take(command: LegalCommand): void {
    this.inquiry.wait(command.said, EXCHANGE, (said) => {
      if (said === undefined) return this.answer(EXCHANGE, BROKEN, command.command);
      if ("reason" in said) this.#protest(faulty(command, said));
      else if ("chunk" in said) this.mail.takeChunk(said.chunk);
      else if ("answer" in said) this.#challenge(command, said);
      else if ("answered" in said) this.#conclude(said, command);
      else this.#ask(said, command);
    });
  }

  #ask(event: Event, command: LegalCommand): void {
    if (event.type === "SetMailFrom") this.session.forget();
    this.inquiry.ask(event, (reply) => {
      const answer = { answered: event, reply };
      const last = lastChallenge(answer);
      if (last === undefined) this.#conclude(answer, command);
      else this.#challenge(command, last);
    });
  }

  #conclude({ answered: event, reply }: Answer, { command, after }: LegalCommand): void {
    if (event.type === "SetClient" && isPositive(reply)) return this.#beginWith(event.client);
    this.answer(event, reply, command);
    if (event.type === "Shutdown") return this.close();
    if (!isPositive(reply) || this.closed) return;
    if (event.type === "StartData") return this.mail.begin();
    if (event.type === "Authenticate") {
      this.session.user = reply.user;
      logAuthenticated(this.session, event.mechanism);
    }
    if (event.type === "ForwardClient") {
      this.session.forwarded = Object.freeze({ ...this.session.forwarded, ...event.client });
    }
    const next = after(this.#state, reply);
    if (!("incoming" in next)) this.mail.abandon("the client gave it up");
    this.become(next);
    if (this.#state.at === "securing") this.secure();
  }

  #challenge(command: LegalCommand, challenge: Challenge): void {
    this.channel.challenge(challenge.text);
    this.become({ at: "challenged", before: this.#state, command, challenge });
  }

  #takeAnswer(line: Uint8Array, { command, challenge }: State & { at: "challenged" }): void {
    const said = challenge.answer(line);
    this.become(settled(this.#state));
    this.#take({ ...command, said });
  }

  /** A line that was wrong in itself or at its time. */
  #protest({ wrong, refused, payload = 0 }: Wrong): void {
    if (this.conduct.isTooMuch(wrong)) return this.last(TOO_MANY_ERRORS);
    if (payload === Infinity) return this.last(wrong); // what follows might be taken for commands
    this.lines.skip(payload, this.engine.clock.now);
    this.inquiry.ask(wrong, (reply) => this.answer(wrong, reply, refused));
  }

  /** Has the connection encrypted, begins anew (RFC 3207 section 4.2), and calls `then`. */
  secure(then: () => void = () => {}): void {
    this.lines.takeRest(); // whoever has put clear commands behind STARTTLS is not obeyed
    this.become({ at: "securing" });
    this.channel.secure().then((tls) => {
      if (this.closed) return;
      if (tls === undefined) return this.drop();
      this.channel.touch();
      logEncrypted(this.session, this.session.encrypted(tls));
      this.session.user = undefined;
      this.become({ at: "connected" });
      then();
      this.goOn();
    });
  }

  answer(event: Event, reply: Reply, command?: KnownCommand): void {
    this.pace.hold(this.conduct.answered(event, reply, command));
    this.#reply(event, reply, command);
  }

  #reply(event: Event, reply: Reply, command?: KnownCommand): void {
    this.channel.add(event, reply, command);
    this.told(reply);
  }

  told({ code }: Reply): void {
    if (code === 221 || code === 421) this.close();
  }

  /** The session is in this state from now on, and its handlers see it. */
  become(state: State): void {
    this.#state = state;
    const { at } = state;
    this.lines.cap = at === "challenged" ? state.challenge.octets : this.#longest;
    if (at === "challenged") return; // handlers see the state before
    this.session.show(
      "helo" in state ? state.helo : at === "closed" ? this.session.helo : undefined,
      "transaction" in state ? state.transaction : undefined,
    );
  }
}
