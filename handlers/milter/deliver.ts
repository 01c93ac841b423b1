/**
 * A message on its way through a milter.
 * @module
 */
import { type EventOf, type Next, prepend, type Reply, say, type Session } from "postmaster";
import { trustedResults } from "postmaster/making";
import { TOO_BIG } from "../held_header.ts";
import type { Verdict } from "./answers.ts";
import { Changes } from "../filters/changes.ts";
import { headed, together } from "../filters/headed.ts";
import type { Talk } from "./talk.ts";

/** What is to become of a client or a message: a milter's word, or `unfiltered` after the milter has failed. */
export type Decision = Verdict | "unfiltered";

/** Asks the milter, and decides in its place if it fails. */
export type Attempt = (ask: () => Promise<Verdict>) => Promise<Decision>;

/** A reply that ends the way of a message, or its discarding. */
type End = Reply | "discard";

/** The reading of a message ends, because of what the milter says of it. */
class Enough extends Error {}

/** What is passed on of a message. */
type Passed = Partial<EventOf<"Deliver">>;

/**
 * Tells the milter the message, and passes it on with the changes that the milter makes.
 *
 * @param mark a header field that says that the milter has failed
 */
export async function deliver(
  event: EventOf<"Deliver">,
  next: Next<"Deliver">,
  session: Session,
  talk: Talk,
  attempt: Attempt,
  mark: string,
): Promise<Reply> {
  const message = await headed(event.body);
  if (message === undefined) return TOO_BIG;
  const { header, rest } = message;
  const octets = header.octets();
  let decision = await attempt(() => talk.header(header, session));

  /** The body as it comes, while the milter is told of it. */
  async function* told(): AsyncGenerator<Uint8Array, void, undefined> {
    if (isEnd(decision)) throw new Enough();
    for await (const chunk of rest) {
      if (decision === "continue") decision = await attempt(() => talk.body(chunk));
      if (isEnd(decision)) throw new Enough();
      yield chunk;
    }
  }
  const kept = await session.keep(told()).catch((error) => {
    if (!(error instanceof Enough)) throw error;
  });
  if (kept === undefined) return answer(decision as End, session);

  const changes = new Changes(header, talk.keepsSpace, session, kept.size);
  try {
    let passed: Passed = {};
    let body = kept;
    if (decision === "continue") {
      decision = await attempt(async () => {
        const verdict = await talk.end(session, (change) => changes.take(change));
        body = await changes.body() ?? kept;
        return verdict;
      });
      event.signal.throwIfAborted();
      if (isEnd(decision)) return answer(decision, session);
      if (decision !== "unfiltered") {
        const routes = await changes.routes(event.routes);
        if ("code" in routes) return routes;
        if (!routes.some(({ copy }) => copy !== true)) return answer("discard", session);
        session.update(
          trustedResults,
          (old) => [...old, ...header.written("Authentication-Results")],
        );
        const { sender = event.sender, hold = event.hold } = changes;
        passed = {
          routes,
          ...sender === undefined ? {} : { sender },
          ...hold === undefined ? {} : { hold },
        };
      }
    }
    const whole = decision === "unfiltered"
      ? prepend(together(octets, kept.read()), mark)
      : together(header.octets(), body.read());
    return await next({ ...event, ...passed, body: whole });
  } finally {
    await changes.dispose();
    await kept.dispose();
  }
}

/** Pretends to take the message, or refuses it. */
export function answer(end: End, session: Session): Reply {
  if (end !== "discard") return end;
  session.log("discards the message, as the milter says");
  return DISCARDED;
}

const DISCARDED = say(2, 5, 0, "ok", "2.0.0");

/** Whether the message does not go on. */
export const isEnd = (decision: Decision): decision is End =>
  decision === "discard" || typeof decision === "object";
