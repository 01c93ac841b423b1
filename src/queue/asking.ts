/**
 * Asks the site's handlers about mail in the queue. The rules for faults are those of sessions: a handler that throws,
 * does not answer in time, or answers what it may not is named in the log, and the reply is 451, so the mail waits.
 * @module
 */
import { within } from "../base/within.ts";
import { Command } from "../handler/command.ts";
import { type Event, type EventName, type EventOf, OF_QUEUE } from "../handler/event.ts";
import { asksOthers, type Handler, isPromise } from "../handler/handler.ts";
import { type Recorder, recordNext } from "../handler/recorder.ts";
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
import { Mailbox, mayLeadOn, pathOf } from "../smtp/mailbox.ts";
import { NO_PARAMETERS, parametersOf } from "../smtp/parameters.ts";
import { relay } from "../targets/relay.ts";
import type { Origin, QueuedMessage, QueuedRecipient } from "./entry.ts";

/** What the handlers say. */
export interface Answer {
  readonly reply: Reply;
  /** The handler that made the refusal or the hold, `core` for the server itself; `undefined` for a positive reply. */
  readonly handler: string | undefined;
}

/** What became of an attempt. */
export type Told = Pick<EventOf<"AfterDelivery">, "attempt" | "outcome" | "ending" | "next">;

const RELAYED = say(2, 5, 0, "relayed", "2.1.5");

/** How handlers are asked. */
export interface AskingOptions {
  readonly context: SessionContext;
  /** The limit `handler-timeout`, in milliseconds. */
  readonly timeout: number;
  /** The chain of the context with somebody around it who sees all that is asked of deliveries. */
  readonly witnessed?: Handler | undefined;
  /** Begins to keep what handlers say of deliveries. */
  readonly record?: ((session: SessionState) => Recorder) | undefined;
}

/** What is asked. */
interface Question {
  readonly event: Event;
  readonly chain: Handler;
  /** The event that a handler was asked who asks this, as it seems. */
  readonly cause?: Event;
}

/** Asks one chain. Any number of questions may be open at once. */
export class Asking {
  readonly #options: AskingOptions;
  /** The events of deliveries for which the site has handlers: most have none. */
  readonly #handled: ReadonlySet<EventName>;
  readonly #telling = new Set<Promise<Answer>>();

  constructor(options: AskingOptions) {
    const { context } = options;
    this.#options = options;
    this.#handled = new Set(OF_QUEUE.values().filter((event) => asksOthers(context.chain, event)));
  }

  /** What is to be done with the mail of a recipient. A positive reply has the routes that its mail takes. */
  async before(
    message: QueuedMessage,
    recipient: QueuedRecipient,
    given: Route,
  ): Promise<Answer> {
    if (!this.#asks("BeforeDelivery")) return { reply: goOn(given), handler: undefined };
    const route = sealed(given);
    const { original, parameters } = route;
    const { reply, handler } = await this.#askOfDelivery(message, recipient, {
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
    if (!this.#asks("AfterDelivery")) return;
    const route = sealed(given);
    const telling = this.#askOfDelivery(message, recipient, {
      type: "AfterDelivery",
      route,
      ...told,
    });
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
    const answer = await this.#ask(session, {
      event: { type: "AddRcptTo", mailbox, parameters },
      chain: this.#options.context.chain,
      cause: { type: "SetMailFrom", mailbox: null, parameters },
    });
    if (!isRelayingDenied(answer.reply) || mayLeadOn(mailbox)) return answer;
    const target = relay([mailbox]);
    if (this.#options.context.judge(target) !== undefined) return answer;
    const reply = { ...RELAYED, routes: [{ recipient: mailbox, target }] };
    return { reply, handler: undefined };
  }

  /** The session in which a message came, with one of its recipients. */
  #sessionOf(message: QueuedMessage, recipient: QueuedRecipient, routes: readonly Route[]) {
    const { id, sender, parameters, origin } = message;
    const session = this.#state(origin);
    session.show(origin.helo, {
      ...{ id, routes },
      mailFrom: pathOf(sender),
      parameters: parametersOf(parameters),
      recipients: [Mailbox.parse(recipient.original ?? recipient.recipient)],
    });
    return session;
  }

  #state(
    { session: id, peer: address, port, listener, tls, user, localUser }: Origin,
  ): SessionState {
    return new SessionState({
      ...{ id, peer: { address, port }, listener, user, localUser, context: this.#options.context },
      tls: tls && Object.freeze({ ...tls, serverName: undefined, peer: undefined }),
    });
  }

  #asks(event: EventName): boolean {
    return this.#options.witnessed !== undefined || this.#handled.has(event);
  }

  #askOfDelivery(
    message: QueuedMessage,
    recipient: QueuedRecipient,
    event: EventOf<"BeforeDelivery" | "AfterDelivery">,
  ): Promise<Answer> {
    const session = this.#sessionOf(message, recipient, [event.route]);
    const { witnessed: chain = this.#options.context.chain, record } = this.#options;
    if (this.#handled.has(event.type)) session.recorder = record?.(session);
    return this.#ask(session, { event, chain });
  }

  /** Puts a question and ends its session. */
  async #ask(session: SessionState, { event, chain, cause }: Question): Promise<Answer> {
    const { supervisor } = session;
    const command = new Command(cause ?? event, supervisor);
    const view = new SessionView(session, command, cause === undefined ? 0 : 1);
    const recorded = recordNext(session, supervisor, event);
    const given = chain(event, () => BROKEN, view);
    const reply = isPromise(given) ? await this.#inTime(given, event, supervisor) : given;
    recorded?.(reply);
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
    if (await within(answered, this.#options.timeout)) return reply;
    supervisor.broke(supervisor.hanging ?? "core", event, "did not answer in time");
    supervisor.giveUp();
    return BROKEN;
  }
}

/** A route as handlers see it: none of them can change it. */
const sealed = (route: Route): Route => ({ ...route, target: sealTarget(route.target) });
