/**
 * Asks the site's handlers about mail in the queue. The rules for faults are those of sessions: a handler that throws,
 * does not answer in time, or answers what it may not is named in the log, and the reply is 451, so the mail waits.
 * @module
 */
import { within } from "../base/within.ts";
import { Command } from "../handler/command.ts";
import type { Event, EventOf } from "../handler/event.ts";
import { asksOthers, isPromise } from "../handler/handler.ts";
import {
  BROKEN,
  goOn,
  isPositive,
  isRelayingDenied,
  type Reply,
  type Route,
  say,
  sealTarget,
} from "../handler/reply.ts";
import { type SessionContext, SessionState } from "../handler/session.ts";
import { SessionView } from "../handler/session_view.ts";
import type { Supervisor } from "../handler/supervisor.ts";
import { Mailbox, mayLeadOn } from "../smtp/mailbox.ts";
import { NO_PARAMETERS } from "../smtp/parameters.ts";
import { relay } from "../targets/relay.ts";
import type { Origin, QueuedMessage, QueuedRecipient } from "./entry.ts";
import { parametersOf } from "../smtp/parameters.ts";
import { mailboxOf } from "./plain.ts";

/** What the handlers say. */
export interface Answer {
  readonly reply: Reply;
  /** The handler that made the refusal or the hold, `core` for the server itself; `undefined` for a positive reply. */
  readonly handler: string | undefined;
}

/** What became of an attempt. */
export type Told = Pick<EventOf<"AfterDelivery">, "attempt" | "outcome" | "ending" | "next">;

const RELAYED = say(2, 5, 0, "relayed", "2.1.5");

/** Asks one chain. Any number of questions may be open at once. */
export class Asking {
  readonly #context: SessionContext;
  readonly #timeout: number;
  /** Whether the site has handlers that say something of deliveries: most have none. */
  readonly #isAsked: boolean;
  readonly #isTold: boolean;
  readonly #telling = new Set<Promise<Answer>>();

  /** @param timeout the limit `handler-timeout`, in milliseconds */
  constructor(context: SessionContext, timeout: number) {
    this.#context = context;
    this.#timeout = timeout;
    this.#isAsked = asksOthers(context.chain, "BeforeDelivery");
    this.#isTold = asksOthers(context.chain, "AfterDelivery");
  }

  /** What is to be done with the mail of a recipient. A positive reply has the routes that its mail takes. */
  async before(
    message: QueuedMessage,
    recipient: QueuedRecipient,
    given: Route,
  ): Promise<Answer> {
    if (!this.#isAsked) return { reply: goOn(given), handler: undefined };
    const route = sealed(given);
    const { original, parameters } = route;
    const { reply, handler } = await this.#ask(this.#sessionOf(message, recipient, [route]), {
      type: "BeforeDelivery",
      route,
      attempt: recipient.attempts + 1,
      destination: recipient.destination,
      last: recipient.last?.outcome,
    });
    if (reply.routes === undefined) return { reply, handler };
    const named = { ...original && { original }, ...parameters && { parameters } };
    const routes = reply.routes.map((one) => ({ ...one, ...named }));
    return { reply: { ...reply, routes }, handler };
  }

  /** Tells what became of an attempt; nothing waits for the answer but {@linkcode idle}. */
  after(message: QueuedMessage, recipient: QueuedRecipient, given: Route, told: Told): void {
    if (!this.#isTold) return;
    const route = sealed(given);
    const session = this.#sessionOf(message, recipient, [route]);
    const telling = this.#ask(session, { type: "AfterDelivery", route, ...told });
    this.#telling.add(telling);
    telling.finally(() => this.#telling.delete(telling));
  }

  /** Returns when all that was told was heard: handlers may send messages then. */
  async idle(): Promise<void> {
    await Promise.all(this.#telling);
  }

  /**
   * Where mail goes that the server has made itself, such as a report. `AddRcptTo` is asked as handlers ask it, in a
   * session of the server's own, so that checks of clients and limits of rates let it pass. What is denied relaying goes
   * to the target `relay`, if there is one.
   */
  async route(message: QueuedMessage, recipient: QueuedRecipient): Promise<Answer> {
    const session = this.#sessionOf(message, recipient, []);
    const mailbox = Mailbox.parse(recipient.recipient);
    const parameters = NO_PARAMETERS;
    const answer = await this.#ask(
      session,
      { type: "AddRcptTo", mailbox, parameters },
      { type: "SetMailFrom", mailbox: null, parameters },
    );
    if (!isRelayingDenied(answer.reply) || mayLeadOn(mailbox)) return answer;
    const target = relay([mailbox]);
    if (this.#context.judge(target) !== undefined) return answer;
    const reply = { ...RELAYED, routes: [{ recipient: mailbox, target }] };
    return { reply, handler: undefined };
  }

  /** The session in which a message came, with one of its recipients. */
  #sessionOf(message: QueuedMessage, recipient: QueuedRecipient, routes: readonly Route[]) {
    const { id, sender, parameters, origin } = message;
    const session = this.#state(origin);
    session.show(origin.helo, {
      ...{ id, routes },
      mailFrom: mailboxOf(sender),
      parameters: parametersOf(parameters),
      recipients: [Mailbox.parse(recipient.original ?? recipient.recipient)],
    });
    return session;
  }

  #state(
    { session: id, peer: address, port, listener, tls, user, localUser }: Origin,
  ): SessionState {
    return new SessionState({
      ...{ id, peer: { address, port }, listener, user, localUser, context: this.#context },
      tls: tls && Object.freeze({ ...tls, serverName: undefined, peer: undefined }),
    });
  }

  /** Puts a question and ends its session. With a `cause`, it is asked as a handler asks that was asked the cause. */
  async #ask(session: SessionState, event: Event, cause?: Event): Promise<Answer> {
    const { supervisor } = session;
    const command = new Command(cause ?? event, supervisor);
    const view = new SessionView(session, command, cause === undefined ? 0 : 1);
    const given = this.#context.chain(event, () => BROKEN, view);
    const reply = isPromise(given) ? await this.#inTime(given, event, supervisor) : given;
    command.answered(reply);
    session.show(session.helo, undefined);
    session.end();
    return { reply, handler: isPositive(reply) ? undefined : supervisor.refuser(reply) };
  }

  async #inTime(given: Promise<Reply>, event: Event, supervisor: Supervisor): Promise<Reply> {
    let reply = BROKEN;
    const answered = given.then(
      (its) => void (reply = its),
      (error) => supervisor.broke("chain", event, error),
    );
    if (await within(answered, this.#timeout)) return reply;
    supervisor.broke(supervisor.hanging ?? "core", event, "did not answer in time");
    supervisor.giveUp();
    return BROKEN;
  }
}

/** A route as handlers see it: none of them can change it. */
const sealed = (route: Route): Route => ({ ...route, target: sealTarget(route.target) });
