/**
 * A handler that asks a milter.
 * @module
 */
import {
  chain,
  type EventOf,
  type Handler,
  isPositive,
  type Next,
  on,
  prepend,
  type Reply,
  say,
  type Session,
  variable,
} from "postmaster";
import { clientName } from "../filters/client_name.ts";
import { DEFERRED, failedField, FilterFault, type OnFailure } from "../filters/failure.ts";
import { answer, type Attempt, type Decision, deliver, isEnd } from "./deliver.ts";
import { type MilterSettings, Talk } from "./talk.ts";
import type { Verdict } from "./answers.ts";

/** A milter, and what happens without it. */
export interface MilterPolicy extends MilterSettings {
  /** Its name in the log. */
  readonly name: string;
  readonly onFailure: OnFailure;
}

/** The message of a transaction. */
interface Mail {
  decision: Decision;
  /** It is coming. */
  isComing: boolean;
}

/** The recipient of a command, which may come by several times, by aliases. */
interface Recipient {
  isInside: boolean;
  decision?: Promise<Decision>;
}

/** Makes the handler. */
export function milterBy(policy: MilterPolicy): Handler {
  const events = new MilterEvents(policy);
  return chain(
    on("Greeting", (_event, next, session) => events.greeting(next, session)),
    on("SetClient", (_event, next, session) => events.client(next, session)),
    on("Authenticate", (event, next, session) => events.user(event, next, session)),
    on(["SayHelo", "SayEhlo"], (event, next, session) => events.helo(event, next, session)),
    on("SetMailFrom", (event, next, session) => events.sender(event, next, session)),
    on("AddRcptTo", (_event, next, session) => events.recipient(next, session)),
    on("StartData", (_event, next, session) => events.data(next, session)),
    on("Deliver", (event, next, session) => events.message(event, next, session)),
    on("Unrecognized", (event, next, session) => events.unknown(event, next, session)),
  );
}

/** What a milter is told at each event, and what its answers lead to. */
class MilterEvents {
  readonly #policy: MilterPolicy;
  /** What becomes of a message without the milter. */
  readonly #without: Decision;
  /** The field of a message that the milter has not seen. */
  readonly #mark: string;
  readonly #talks = variable("session", "milter", (): Talk | undefined => undefined);
  readonly #mechanisms = variable("session", "mechanism", (): string | undefined => undefined);
  readonly #mails = variable("transaction", "mail of a milter", (): Mail => ({
    decision: "accept",
    isComing: false,
  }));
  readonly #recipients = variable("command", "recipient of a milter", (): Recipient => ({
    isInside: false,
  }));

  constructor(policy: MilterPolicy) {
    this.#policy = policy;
    this.#without = policy.onFailure === "defer" ? DEFERRED : "unfiltered";
    this.#mark = failedField(policy.name);
  }

  async greeting(next: Next<"Greeting">, session: Session): Promise<Reply> {
    const reply = await next();
    if (!isPositive(reply)) return reply;
    const decision = await this.#asking(session, "continue")(async () =>
      await this.#talkOf(session).begin(session, await nameOf(session))
    );
    return typeof decision === "object" ? refusingClient(decision) : reply;
  }

  async client(next: Next<"SetClient">, session: Session): Promise<Reply> {
    const reply = await next();
    if (isPositive(reply)) session.get(this.#talks)?.close(); // it is greeted again
    return reply;
  }

  async user(
    { mechanism }: EventOf<"Authenticate">,
    next: Next<"Authenticate">,
    session: Session,
  ): Promise<Reply> {
    const reply = await next();
    if (isPositive(reply)) session.set(this.#mechanisms, mechanism);
    return reply;
  }

  async helo(
    { name }: EventOf<"SayHelo" | "SayEhlo">,
    next: Next<"SayHelo" | "SayEhlo">,
    session: Session,
  ): Promise<Reply> {
    const reply = await next();
    const talk = session.get(this.#talks);
    if (!isPositive(reply) || talk?.isReady !== true) return reply; // MAIL tries again
    const decision = await this.#asking(session, "continue")(() => talk.helo(name, session));
    return typeof decision === "object" ? decision : reply;
  }

  async sender(
    event: EventOf<"SetMailFrom">,
    next: Next<"SetMailFrom">,
    session: Session,
  ): Promise<Reply> {
    const reply = await next();
    if (!isPositive(reply)) return reply;
    const decision = await this.#asking(session, this.#without)(() => this.#begin(event, session));
    session.set(this.#mails, { decision, isComing: false });
    session.whenTransactionEnds(async () => {
      await this.#asking(session, "continue")(async () => {
        await session.get(this.#talks)?.abort();
        return "continue";
      });
    });
    return typeof decision === "object" ? decision : reply;
  }

  /** Begins a message, with a new connection if the last one is lost. */
  async #begin(event: EventOf<"SetMailFrom">, session: Session): Promise<Verdict> {
    const talk = this.#talkOf(session);
    if (!talk.isReady) {
      const verdict = await talk.begin(session, await nameOf(session));
      if (verdict !== "continue") return verdict;
      const greeted = session.helo && await talk.helo(session.helo.name, session);
      if (greeted !== undefined && greeted !== "continue") return greeted;
    }
    return await talk.mail(event, session, session.get(this.#mechanisms));
  }

  async recipient(next: Next<"AddRcptTo">, session: Session): Promise<Reply> {
    const { original } = session;
    const known = session.get(this.#recipients);
    const mail = session.get(this.#mails);
    if (original.type !== "AddRcptTo" || known.isInside) return await next();
    if (mail.decision !== "continue") {
      return typeof mail.decision === "object" ? mail.decision : await next();
    }
    known.isInside = true;
    const reply = await Promise.resolve(next()).finally(() => known.isInside = false);
    const talk = this.#talkOf(session);
    if (!isPositive(reply) && !talk.wantsRefused) return reply;
    known.decision ??= this.#asking(session, this.#without)(() =>
      talk.recipient(original, session, reply)
    );
    const decision = await known.decision;
    if (!talk.isReady || typeof decision !== "object") mail.decision = decision;
    return typeof decision === "object" && isPositive(reply) ? decision : reply;
  }

  async data(next: Next<"StartData">, session: Session): Promise<Reply> {
    const reply = await next();
    const mail = session.get(this.#mails);
    if (isPositive(reply) && mail.decision === "continue") {
      mail.decision = await this.#asking(session, this.#without)(() =>
        this.#talkOf(session).data(session)
      );
    }
    return isPositive(reply) && typeof mail.decision === "object" ? mail.decision : reply;
  }

  async message(
    event: EventOf<"Deliver">,
    next: Next<"Deliver">,
    session: Session,
  ): Promise<Reply> {
    const mail = session.get(this.#mails);
    const { decision } = mail;
    if (isEnd(decision)) return answer(decision, session);
    if (decision === "unfiltered") return next({ ...event, body: prepend(event.body, this.#mark) });
    if (decision !== "continue") return next();
    mail.isComing = true;
    const talk = this.#talkOf(session);
    const leave = () => talk.drop("the message breaks off");
    event.signal.addEventListener("abort", leave);
    try {
      const attempt = this.#asking(session, this.#without);
      return await deliver(event, next, session, talk, attempt, this.#mark);
    } finally {
      event.signal.removeEventListener("abort", leave);
    }
  }

  async unknown(
    { line }: EventOf<"Unrecognized">,
    next: Next<"Unrecognized">,
    session: Session,
  ): Promise<Reply> {
    const reply = await next();
    const talk = session.get(this.#talks);
    if (talk?.isReady !== true || session.get(this.#mails).isComing) return reply;
    const decision = await this.#asking(session, "continue")(() => talk.unknown(line));
    return typeof decision === "object" ? decision : reply;
  }

  #talkOf(session: Session): Talk {
    const known = session.get(this.#talks);
    if (known !== undefined) return known;
    const talk = new Talk(this.#policy);
    session.set(this.#talks, talk);
    session.signal.addEventListener("abort", () => talk.close(), { once: true });
    return talk;
  }

  /** Asks; if the milter fails, that is logged, and decided on by `failed`. */
  #asking(session: Session, failed: Decision): Attempt {
    return async (ask) => {
      try {
        return await ask();
      } catch (error) {
        if (!(error instanceof FilterFault)) throw error;
        if (!session.signal.aborted) {
          session.warn("a milter fails", { milter: this.#policy.name, error: error.message });
        }
        return failed;
      }
    };
  }
}

/** The reply that refuses a client at its greeting, with the words of the milter. */
const refusingClient = ({ code, lines }: Reply): Reply =>
  code < 500 ? say(4, 2, 1, lines) : say(5, 5, 4, lines);

/** The confirmed name of the client. */
const nameOf = async (session: Session): Promise<string> => await clientName(session) ?? "unknown";
