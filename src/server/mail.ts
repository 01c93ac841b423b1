/**
 * The messages of a session: how each comes, by DATA or in chunks, and how its transaction ends.
 * @module
 */
import type { Event } from "../handler/event.ts";
import { isAcceptance, isPositive, type Reply } from "../handler/reply.ts";
import type { SessionState } from "../handler/session.ts";
import { BareLfDecoder } from "../smtp/bare_lf.ts";
import type { BodyDecoder } from "../smtp/body_decoder.ts";
import { type Chunk, ChunkDecoder } from "../smtp/chunk.ts";
import { DotDecoder } from "../smtp/dot.ts";
import type { Tolerance } from "../smtp/tolerance.ts";
import type { Backlog } from "./backlog.ts";
import type { Channel } from "./channel.ts";
import { isBinary } from "./chunking.ts";
import type { Conduct } from "./conduct.ts";
import type { Engine } from "./engine.ts";
import { finalReplies } from "./final_replies.ts";
import { countChecked } from "./checked.ts";
import { Incoming } from "./incoming.ts";
import { Inquiry } from "./inquiry.ts";
import { type Answered, logReceived } from "./journal.ts";
import type { KnownCommand } from "./rule.ts";
import { settled, type State } from "./state.ts";

/** What the messages of a session need of it. */
export interface MailContext {
  readonly engine: Engine;
  readonly session: SessionState;
  readonly lines: Backlog;
  readonly channel: Channel;
  /** What is asked of commands. */
  readonly inquiry: Inquiry;
  readonly conduct: Conduct;
  readonly tolerance: Tolerance;
  readonly state: State;
  become(state: State): void;
  /** Sends the reply to an event, and to the command behind it. */
  answer(event: Event, reply: Reply, command: KnownCommand): void;
  /** The client is told this: 221 and 421 end the session. */
  told(reply: Reply): void;
  /** Called when what the session waited for is there. */
  readonly goOn: () => void;
}

/** The command that brings a chunk. */
const BDAT: KnownCommand = { verb: "BDAT" };

/** Takes messages. */
export class Mail {
  readonly #context: MailContext;
  /** What is asked about the message: between its chunks, commands are asked about too. */
  readonly delivery: Inquiry;
  /** Messages that have begun. */
  count = 0;

  constructor(context: MailContext) {
    const { engine: { chain, clock }, session, goOn } = context;
    this.#context = context;
    this.delivery = new Inquiry(chain, session, clock, goOn, session.supervise());
  }

  /** The message whose end has not come. */
  get unfinished(): Incoming | undefined {
    const { state } = this.#context;
    return "incoming" in state && !state.incoming.ended ? state.incoming : undefined;
  }

  /** The message to which the next octets belong. */
  get receiving(): Incoming | undefined {
    return this.#context.state.at === "data" ? this.unfinished : undefined;
  }

  /** A message whose recipients are known: takes what follows DATA, or the first BDAT. */
  begin(chunk?: Chunk): void {
    const { engine, state, tolerance, channel, goOn } = this.#context;
    if (state.at !== "rcpt") return;
    this.count++;
    const { transaction } = state;
    const decoder = chunk === undefined
      ? dotDecoder(tolerance)
      : new ChunkDecoder(isBinary(transaction));
    const incoming = new Incoming(engine, decoder, goOn);
    this.#context.become({ ...state, at: "data", incoming });
    channel.flush();
    channel.touch();
    this.delivery.ask(incoming.event(transaction.routes), (reply) => {
      incoming.answer = { reply, refuser: this.delivery.supervisor.refuser(reply) };
      incoming.fail("it was answered before its end");
      this.#end(incoming);
    });
    this.#takeRest(incoming, chunk);
  }

  /** Takes what follows BDAT. The first chunk is refused where DATA would be. */
  takeChunk(chunk: Chunk): void {
    const { engine: { clock }, state, inquiry, conduct, lines } = this.#context;
    if (state.at === "chunks") {
      this.#context.become({ ...state, at: "data" });
      return this.#takeRest(state.incoming, chunk);
    }
    const event: Event = { type: "StartData" };
    inquiry.ask(event, (reply) => {
      if (isPositive(reply)) {
        conduct.answered(event, reply, BDAT);
        return this.begin(chunk);
      }
      lines.skip(chunk.octets, clock.now);
      this.#answerChunk(event, reply, chunk.last);
    });
  }

  /** Takes what has come of a message, and of what follows it. */
  take(incoming: Incoming, octets: Uint8Array): void {
    const { channel, lines } = this.#context;
    channel.touch();
    const used = incoming.take(octets);
    if (!incoming.ended && !incoming.paused) return;
    lines.feed(octets.subarray(used));
    if (incoming.ended) this.#end(incoming);
    else this.#pause(incoming);
  }

  /** The message could not be delivered in time. */
  giveUp(): void {
    const { state } = this.#context;
    if ("incoming" in state) state.incoming.drop("it could not be delivered in time");
    this.delivery.giveUp();
  }

  /** Nobody will have the message that is coming, if one is. */
  abandon(reason: string): void {
    const { state } = this.#context;
    if (!("incoming" in state)) return;
    state.incoming.drop(reason);
    this.delivery.forget();
  }

  /** Takes what has come already of a message, or of a chunk of one. */
  #takeRest(incoming: Incoming, chunk: Chunk | undefined): void {
    if (chunk !== undefined) incoming.begin(chunk);
    this.take(incoming, this.#context.lines.takeRest());
  }

  /** A chunk has come, and not the last one. */
  #pause(incoming: Incoming): void {
    const { state, inquiry } = this.#context;
    if (state.at !== "data") return;
    this.#context.become({ ...state, at: "chunks" });
    const { answer, chunk, fault } = incoming;
    const event: Event = fault ?? { type: "TakeChunk", octets: chunk?.octets ?? 0 };
    if (fault === undefined && answer !== undefined && !isPositive(answer.reply)) {
      this.#answerChunk({ ...event, refuser: answer.refuser }, answer.reply);
    } else inquiry.ask(event, (reply) => this.#answerChunk(event, reply));
  }

  /**
   * What follows a chunk that was refused is no part of a message: the transaction is over. In LMTP the last chunk has a
   * reply for each recipient also then (RFC 2033 section 4.3).
   */
  #answerChunk(event: Event & Answered, reply: Reply, isLast = false): void {
    const { session, channel } = this.#context;
    const more = isLast ? finalReplies(reply, session).slice(1) : [];
    this.#context.answer(event, reply, BDAT);
    const { state } = this.#context;
    if (isPositive(reply) || state.at === "closed") return;
    for (const each of more) channel.add(event, each.reply, BDAT);
    this.abandon("a part of it was refused");
    this.#context.become(settled(state));
  }

  /** Ends the transaction once both the message and the answer to it have come. */
  #end(incoming: Incoming): void {
    const { answer, ended, fault } = incoming;
    if (answer === undefined || !ended) return;
    if (fault === undefined) {
      const event = { type: "Deliver", refuser: answer.refuser } as const;
      return this.#endTransaction(event, answer.reply, incoming);
    }
    this.#context.inquiry.ask(fault, (reply) => this.#endTransaction(fault, reply, incoming));
  }

  #endTransaction(event: Answered, reply: Reply, { size }: Incoming): void {
    const { session, channel, engine: { dmarcReports } } = this.#context;
    const replies = finalReplies(reply, session);
    logReceived(session, size, replies);
    if (event.type === "Deliver") countChecked(session, reply, dmarcReports);
    const accepted = event.type === "Deliver" && isAcceptance(reply);
    session.endings.end(accepted);
    const { transaction } = session;
    if (transaction !== undefined) {
      session.recorder?.message({ id: transaction.id, size, accepted });
    }
    for (const { reply, recipients } of replies) channel.add({ ...event, recipients }, reply);
    this.#context.told(reply);
    this.#context.become(settled(this.#context.state));
    this.#context.goOn();
  }
}

const dotDecoder = ({ bareLineFeeds }: Tolerance): BodyDecoder =>
  bareLineFeeds ? new BareLfDecoder() : new DotDecoder();
