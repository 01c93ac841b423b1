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
export function milterBy({ name, onFailure, ...settings }: MilterPolicy): Handler {
  const talks = variable("session", "milter", (): Talk | undefined => undefined);
  const mechanisms = variable("session", "mechanism", (): string | undefined => undefined);
  const mails = variable("transaction", "mail of a milter", (): Mail => ({
    decision: "accept",
    isComing: false,
  }));
  const recipients = variable("command", "recipient of a milter", (): Recipient => ({
    isInside: false,
  }));
  const mark = failedField(name);

  /** Asks; if the milter fails, that is logged, and decided on by `failed`. */
  const asking = (session: Session, failed: Decision): Attempt => async (ask) => {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof FilterFault)) throw error;
      if (!session.signal.aborted) {
        session.warn("a milter fails", { milter: name, error: error.message });
      }
      return failed;
    }
  };
  const ofMessage = onFailure === "defer" ? DEFERRED : "unfiltered";

  const talkOf = (session: Session): Talk => {
    const known = session.get(talks);
    if (known !== undefined) return known;
    const talk = new Talk(settings);
    session.set(talks, talk);
    session.signal.addEventListener("abort", () => talk.close(), { once: true });
    return talk;
  };

  const greeting = async (
    _event: unknown,
    next: Next<"Greeting">,
    session: Session,
  ): Promise<Reply> => {
    const reply = await next();
    if (!isPositive(reply)) return reply;
    const decision = await asking(session, "continue")(async () =>
      await talkOf(session).begin(session, await nameOf(session))
    );
    return typeof decision === "object" ? refusingClient(decision) : reply;
  };

  const helo = async (
    { name }: EventOf<"SayHelo" | "SayEhlo">,
    next: Next<"SayHelo" | "SayEhlo">,
    session: Session,
  ): Promise<Reply> => {
    const reply = await next();
    const talk = session.get(talks);
    if (!isPositive(reply) || talk?.isReady !== true) return reply; // MAIL tries again
    const decision = await asking(session, "continue")(() => talk.helo(name, session));
    return typeof decision === "object" ? decision : reply;
  };

  /** Begins a message, with a new connection if the last one is lost. */
  const begin = async (event: EventOf<"SetMailFrom">, session: Session) => {
    const talk = talkOf(session);
    if (!talk.isReady) {
      const verdict = await talk.begin(session, await nameOf(session));
      if (verdict !== "continue") return verdict;
      const greeted = session.helo && await talk.helo(session.helo.name, session);
      if (greeted !== undefined && greeted !== "continue") return greeted;
    }
    return await talk.mail(event, session, session.get(mechanisms));
  };

  const sender = async (
    event: EventOf<"SetMailFrom">,
    next: Next<"SetMailFrom">,
    session: Session,
  ): Promise<Reply> => {
    const reply = await next();
    if (!isPositive(reply)) return reply;
    const decision = await asking(session, ofMessage)(() => begin(event, session));
    session.set(mails, { decision, isComing: false });
    session.whenTransactionEnds(async () => {
      await asking(session, "continue")(async () => {
        await session.get(talks)?.abort();
        return "continue";
      });
    });
    return typeof decision === "object" ? decision : reply;
  };

  const recipient = async (
    _event: unknown,
    next: Next<"AddRcptTo">,
    session: Session,
  ): Promise<Reply> => {
    const { original } = session;
    const known = session.get(recipients);
    const mail = session.get(mails);
    if (original.type !== "AddRcptTo" || known.isInside) return await next();
    if (mail.decision !== "continue") {
      return typeof mail.decision === "object" ? mail.decision : await next();
    }
    known.isInside = true;
    const reply = await Promise.resolve(next()).finally(() => known.isInside = false);
    const talk = talkOf(session);
    if (!isPositive(reply) && !talk.wantsRefused) return reply;
    known.decision ??= asking(session, ofMessage)(() => talk.recipient(original, session, reply));
    const decision = await known.decision;
    if (!talk.isReady || typeof decision !== "object") mail.decision = decision;
    return typeof decision === "object" && isPositive(reply) ? decision : reply;
  };

  const data = async (
    _event: unknown,
    next: Next<"StartData">,
    session: Session,
  ): Promise<Reply> => {
    const reply = await next();
    const mail = session.get(mails);
    if (isPositive(reply) && mail.decision === "continue") {
      mail.decision = await asking(session, ofMessage)(() => talkOf(session).data(session));
    }
    return isPositive(reply) && typeof mail.decision === "object" ? mail.decision : reply;
  };

  const message = async (
    event: EventOf<"Deliver">,
    next: Next<"Deliver">,
    session: Session,
  ): Promise<Reply> => {
    const mail = session.get(mails);
    const { decision } = mail;
    if (isEnd(decision)) return answer(decision, session);
    if (decision === "unfiltered") return next({ ...event, body: prepend(event.body, mark) });
    if (decision !== "continue") return next();
    mail.isComing = true;
    const talk = talkOf(session);
    const leave = () => talk.drop("the message breaks off");
    event.signal.addEventListener("abort", leave);
    try {
      const attempt = asking(session, ofMessage);
      return await deliver(event, next, session, talk, attempt, mark);
    } finally {
      event.signal.removeEventListener("abort", leave);
    }
  };

  const unknown = async (
    { line }: EventOf<"Unrecognized">,
    next: Next<"Unrecognized">,
    session: Session,
  ): Promise<Reply> => {
    const reply = await next();
    const talk = session.get(talks);
    if (talk?.isReady !== true || session.get(mails).isComing) return reply;
    const decision = await asking(session, "continue")(() => talk.unknown(line));
    return typeof decision === "object" ? decision : reply;
  };

  const client = async (
    _event: unknown,
    next: Next<"SetClient">,
    session: Session,
  ): Promise<Reply> => {
    const reply = await next();
    if (isPositive(reply)) session.get(talks)?.close(); // it is greeted again
    return reply;
  };

  const user = async (
    { mechanism }: EventOf<"Authenticate">,
    next: Next<"Authenticate">,
    session: Session,
  ): Promise<Reply> => {
    const reply = await next();
    if (isPositive(reply)) session.set(mechanisms, mechanism);
    return reply;
  };

  return chain(
    on("Greeting", greeting),
    on("SetClient", client),
    on("Authenticate", user),
    on(["SayHelo", "SayEhlo"], helo),
    on("SetMailFrom", sender),
    on("AddRcptTo", recipient),
    on("StartData", data),
    on("Deliver", message),
    on("Unrecognized", unknown),
  );
}

/** The reply that refuses a client at its greeting, with the words of the milter. */
const refusingClient = ({ code, lines }: Reply): Reply =>
  code < 500 ? say(4, 2, 1, lines) : say(5, 5, 4, lines);

/** The confirmed name of the client. */
const nameOf = async (session: Session): Promise<string> => await clientName(session) ?? "unknown";
