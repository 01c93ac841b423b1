/**
 * Puts events to the chain, one at a time, and does not wait for ever.
 * @module
 */
import { Command } from "../handler/command.ts";
import type { Event } from "../handler/event.ts";
import { type Handler, isPromise, type MaybePromise } from "../handler/handler.ts";
import { watchedEvent } from "../handler/header_changes.ts";
import { BROKEN, type Reply } from "../handler/reply.ts";
import { type AnswerRecord, recordNext } from "../handler/recorder.ts";
import type { SessionState } from "../handler/session.ts";
import { SessionView } from "../handler/session_view.ts";
import type { Supervisor } from "../handler/supervisor.ts";
import { LIMIT_REPLIES } from "./limits.ts";
import type { Clock } from "./transport.ts";

/** An event whose answer is waited for. */
interface Question {
  readonly event: Event;
  readonly command: Command;
  readonly since: number;
  /** Tells the session's recorder the answer, if there is one. */
  readonly recorded?: AnswerRecord | undefined;
  readonly then: (reply: Reply) => void;
}

/** The engine's side of the chain. */
export class Inquiry {
  readonly #chain: Handler;
  readonly #session: SessionState;
  readonly #clock: Clock;
  readonly #settled: () => void;
  /** The watch over the handlers that are asked here. */
  readonly supervisor: Supervisor;
  #question: Question | undefined;

  /**
   * @param settled called after each answer that did not come at once
   * @param supervisor by default that of the session
   */
  constructor(
    chain: Handler,
    session: SessionState,
    clock: Clock,
    settled: () => void,
    supervisor: Supervisor = session.supervisor,
  ) {
    this.#chain = chain;
    this.#session = session;
    this.#clock = clock;
    this.#settled = settled;
    this.supervisor = supervisor;
  }

  /** The event that waits for its answer, and since when. */
  get open(): Pick<Question, "event" | "since"> | undefined {
    return this.#question;
  }

  /** Asks. `then` runs at once if the answer is there at once. */
  ask(given: Event, then: (reply: Reply) => void): void {
    const { supervisor } = this;
    supervisor.begin();
    const recorded = recordNext(this.#session, supervisor, given);
    const event = recorded === undefined ? given : watchedEvent(given);
    const command = new Command(event, supervisor);
    const settle = (reply: Reply) => {
      const isBroken = event.type === "LimitExceeded" && reply === BROKEN;
      const answer = isBroken ? LIMIT_REPLIES[event.limit] : reply;
      recorded?.(answer);
      command.answered(answer);
      then(answer);
    };
    const reply = this.#chain(event, () => BROKEN, new SessionView(this.#session, command));
    if (!isPromise(reply)) return settle(reply);
    const question: Question = { event, command, then, since: this.#clock.now, recorded };
    this.#question = question;
    const answered = (late: Reply) => {
      if (this.#question !== question) return; // nobody waits for it any more
      this.#question = undefined;
      settle(late);
      this.#settled();
    };
    reply.then(answered, (error) => {
      supervisor.broke("chain", event, error);
      answered(BROKEN);
    });
  }

  /**
   * Waits for what a command comes to. `then` runs at once if that is there at once. It is given `undefined` if that
   * breaks or does not come in time.
   */
  wait<T>(work: MaybePromise<T>, event: Event, then: (value: T | undefined) => void): void {
    if (!isPromise(work)) return then(work);
    const waited = { event, command: new Command(event, this.supervisor), since: this.#clock.now };
    const question: Question = { ...waited, then: () => then(undefined) };
    this.#question = question;
    const come = (value: T | undefined) => {
      if (this.#question !== question) return;
      this.#question = undefined;
      then(value);
      this.#settled();
    };
    work.then(come, (error) => {
      this.supervisor.broke("core", event, error);
      come(undefined);
    });
  }

  /**
   * Nobody waits for the answer any more.
   *
   * @param instead what the client is told without it
   */
  forget(instead?: Reply): void {
    this.#question?.recorded?.(instead);
    this.#question?.command.answered(BROKEN);
    this.#question = undefined;
    this.supervisor.giveUp();
  }

  /** A handler did not answer in time: it is named in the log, and the answer is 451. */
  giveUp(): void {
    const question = this.#question;
    if (question === undefined) return;
    const { supervisor } = this;
    supervisor.broke(supervisor.hanging ?? "core", question.event, "did not answer in time");
    this.forget(BROKEN);
    question.then(BROKEN);
    this.#settled();
  }
}
