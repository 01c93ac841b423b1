/**
 * Watches the live sessions of a server for a shadow.
 * @module
 */
import { type Event, type EventName, type EventOf, OF_QUEUE } from "../handler/event.ts";
import { type Handler, isPromise, named, onEvery } from "../handler/handler.ts";
import { isPositive, type Reply } from "../handler/reply.ts";
import type { Session } from "../handler/session.ts";
import { deciderOf, SUPERVISOR, watched } from "../handler/supervisor.ts";
import type { Witness } from "../server/witness.ts";
import type { Feed, Followed } from "./feed.ts";
import { type Facts, type Reached, reachedBy } from "./observed.ts";
import { outlined } from "./outline.ts";

/** Octets of a message that the shadow is given: of a longer one it does not get the end. */
const LONGEST = 1024 * 1024;

/**
 * The events to which the core answers by what a shadow does not have: the extensions of a listener, its passwords, and
 * the queue. The shadow's core says what the live one has said.
 */
export const OF_CORE: ReadonlySet<EventName> = new Set<EventName>([
  ...["SayEhlo", "SeeksHelp", "StartTls", "Authenticate", "Deliver"] as const,
]);

/** The events that a session may begin with. What the queue asks is a session of its own. */
const BEGINNINGS: ReadonlySet<EventName> = new Set([
  ...["Greeting", "LimitExceeded"] as const,
  ...OF_QUEUE,
]);

/** What was seen while an event was asked. */
interface Sight {
  /** The body of the message as the handlers were given it. */
  body?: AsyncIterable<Uint8Array>;
  /** The body was read to its end. */
  whole?: boolean;
  core?: Reply;
  reached?: Reached;
}

/** Sees the sessions of a server and tells a shadow of them; without a feed, nobody. */
export class Watch implements Witness {
  feed: Feed | undefined;
  /** By the event that the client has caused. */
  readonly #sights = new WeakMap<Event, Sight>();

  around(chain: Handler): Handler {
    return (event, next, session) => {
      const { feed } = this;
      const followed = feed?.follow(session, BEGINNINGS.has(event.type));
      if (feed === undefined || followed === undefined) return chain(event, next, session);
      const sight: Sight = {};
      if (OF_CORE.has(event.type)) this.#sights.set(event, sight);
      const asked = event.type === "Deliver" ? copied(event, sight, feed, followed) : event;
      const time = Date.now();
      const reply = chain(asked, next, session);
      const tell = (reply: Reply) => tellOf(feed, followed, { event, time, reply, session, sight });
      if (isPromise(reply)) reply.then(tell, () => {});
      else tell(reply);
      return reply;
    };
  }

  core(core: Handler): Handler {
    return named(
      "core",
      onEvery((event, next, session) => {
        const sight = this.#sights.get(session.original);
        if (sight === undefined || event.type !== session.original.type) {
          return core(event, next, session);
        }
        const reply = core(
          event.type === "Deliver" ? arriving(event, sight) : event,
          next,
          session,
        );
        if (!isPromise(reply)) return sight.core = reply;
        return reply.then((reply) => sight.core = reply);
      }),
    );
  }
}

/** The message; the shadow is given a copy of each piece. */
function copied(
  event: EventOf<"Deliver">,
  sight: Sight,
  feed: Feed,
  followed: Followed,
): EventOf<"Deliver"> {
  const pieces = async function* () {
    let size = 0;
    for await (const piece of event.body) {
      size += piece.length;
      if (size <= LONGEST) feed.piece(followed, piece);
      yield piece;
    }
    sight.whole = size <= LONGEST;
  };
  sight.body = pieces();
  return { ...event, body: sight.body };
}

/** The message as it comes to the core. */
function arriving(event: EventOf<"Deliver">, sight: Sight): EventOf<"Deliver"> {
  sight.reached = reachedBy(event);
  if (event.body === sight.body) return event;
  const note = (message: Reached["message"]) => sight.reached = { ...sight.reached!, message };
  return { ...event, body: outlined(event.body, note) };
}

interface Seen {
  readonly event: Event;
  readonly time: number;
  readonly reply: Reply;
  readonly session: Session;
  readonly sight: Sight;
}

function tellOf(
  feed: Feed,
  followed: Followed,
  { event, time, reply, session, sight }: Seen,
): void {
  const facts = factsOf(session);
  const isNews = !isSame(followed.facts, facts);
  followed.facts = facts;
  const { core, reached } = sight;
  const handler = handlerBehind(reply, session);
  feed.tellOf(followed, {
    ...{ kind: "event", session: followed.number, time, event: bare(event), reply, handler },
    ...{ core, reached, facts: isNews ? facts : undefined },
    missing: event.type === "Deliver" && sight.whole !== true ? "end" : undefined,
  });
}

/** The handler that has decided, as far as it is known. */
export function handlerBehind(reply: Reply, session: Session): string {
  if (!isPositive(reply)) return watched(session)[SUPERVISOR].refuser(reply);
  const [route] = reply.routes ?? [];
  return route && deciderOf(route) || "accepted";
}

/** An event without what is secret, and without the message. */
export function bare(event: Event): Event {
  if (event.type === "Authenticate") {
    const { type, mechanism, user } = event;
    return { type, mechanism, user };
  }
  return event.type === "Deliver" ? { type: event.type } as Event : event;
}

function factsOf(
  { peer, named, forwarded, tls, user, helo, transaction }: Session,
): Facts {
  const { id, mailFrom, parameters } = transaction ?? {};
  const open = id === undefined ? undefined : { id, mailFrom: mailFrom!, parameters: parameters! };
  return { peer, named, forwarded, tls, user, helo, transaction: open };
}

const isSame = (old: Facts | undefined, now: Facts): boolean =>
  old !== undefined && old.peer === now.peer && old.named === now.named &&
  old.forwarded === now.forwarded && old.tls === now.tls && old.user === now.user &&
  old.helo === now.helo && old.transaction?.id === now.transaction?.id;
