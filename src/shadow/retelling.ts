/**
 * Tells of sessions that were kept as a server tells a shadow of live ones. Their messages are not kept.
 * @module
 */
import { newId } from "../base/id.ts";
import type { Part, PlainAsked, PlainQueued } from "../explain/part.ts";
import { told } from "../explain/steps.ts";
import type { Event, EventName } from "../handler/event.ts";
import { isPositive, type Reply, type Route } from "../handler/reply.ts";
import { routeKey } from "../handler/route.ts";
import type { Step } from "../handler/supervisor.ts";
import { pathOf } from "../smtp/mailbox.ts";
import { parametersOf } from "../smtp/parameters.ts";
import { type Facts, type ObservedEvent, reachedBy, type Told } from "./observed.ts";
import { bare, OF_CORE } from "./watch.ts";

/** A session whose last part has not come. */
interface Retold {
  readonly number: number;
  facts: Facts;
  /** The routes of the open transaction. */
  routes: Route[];
}

/** Tells of sessions. */
export class Retelling {
  readonly #hostname: string;
  readonly #sessions = new Map<string, Retold>();
  #count = 0;

  /** @param hostname the server's own name */
  constructor(hostname: string) {
    this.#hostname = hostname;
  }

  /** What happened in a part. The parts of a session come in their order; some may be missing. */
  *tell(part: Part): Generator<Told> {
    const { listener, localUser, events, queued, omitted, last } = part;
    const id = queued === undefined ? part.session : newId(); // what the queue asked stands alone
    const isNew = !this.#sessions.has(id);
    const retold = this.#sessions.get(id) ??
      { number: this.#count++, facts: atBeginning(part), routes: [] };
    const { number: session } = retold;
    if (isNew) {
      this.#sessions.set(id, retold);
      const about = { id: part.session, listener, hostname: this.#hostname, localUser };
      yield { kind: "session", session, about };
    }
    for (const asked of events) yield* eventIn(part, asked, retold);
    retold.facts = { ...retold.facts, ...atEnd(part) };
    if (!last && omitted === undefined) return;
    yield { kind: "end", session, lost: omitted !== undefined };
    this.#sessions.delete(id);
  }

  /** The ends of those sessions whose last parts have not come. */
  *end(): Generator<Told> {
    for (const { number: session } of this.#sessions.values()) {
      yield { kind: "end", session, lost: false };
    }
    this.#sessions.clear();
  }
}

/** An event, unless nobody waited for its answer. */
function* eventIn(part: Part, asked: PlainAsked, retold: Retold): Generator<ObservedEvent> {
  const { event, steps, reply } = told(asked, retold.routes);
  if (reply === undefined) return;
  const { number: session, facts } = retold;
  const core = coreIn(steps, event.type);
  const reached = core?.event.type === "Deliver" ? reachedBy(core.event) : undefined;
  const isMessage = event.type === "Deliver";
  yield {
    ...{ kind: "event", session, time: part.begun + asked.at / 1000, facts },
    ...{ event: bare(event), reply, handler: deciderAmong(steps, reply) },
    core: OF_CORE.has(event.type) ? core?.reply : undefined,
    ...isMessage ? { missing: "all", reached } : {},
  };
  if (isPositive(reply) || isMessage) follow(retold, event, reply, part);
}

/** Who the client was at the end of a part. */
function atEnd({ peer, named, forwarded, tls, user, helo }: Part): Omit<Facts, "transaction"> {
  return {
    ...{ peer, named: named ?? false, forwarded, user, helo },
    tls: tls && { ...tls, serverName: tls.serverName, peer: tls.peer },
  };
}

/** Who the client was before the first event of a part: what it has said since was not known. */
function atBeginning(part: Part): Facts {
  const has = (...types: EventName[]) =>
    part.events.some(({ event }) => types.includes(event.type));
  const facts = atEnd(part);
  return {
    ...facts,
    transaction: part.queued && transactionOf(part.queued),
    tls: has("StartTls") ? undefined : facts.tls,
    user: has("Authenticate") ? undefined : facts.user,
    helo: has("SayHelo", "SayEhlo") ? undefined : facts.helo,
  };
}

const transactionOf = ({ id, mailFrom, parameters }: PlainQueued): Facts["transaction"] => ({
  id,
  mailFrom: pathOf(mailFrom),
  parameters: parametersOf(parameters),
});

/** The session after the answer to an event: a positive one, or that to a message. */
function follow(retold: Retold, event: Event, reply: Reply, part: Part): void {
  const { facts } = retold;
  const turn = (change: Partial<Facts>) => {
    retold.facts = { ...facts, transaction: undefined, ...change };
    retold.routes = [];
  };
  switch (event.type) {
    case "SayHelo":
    case "SayEhlo":
      return turn({ helo: { name: event.name, extended: event.type === "SayEhlo" } });
    case "StartTls":
      return turn({ tls: atEnd(part).tls, helo: undefined });
    case "SetClient":
      return turn({ helo: undefined });
    case "Authenticate":
      return turn({ user: reply.user ?? part.user });
    case "SetMailFrom": {
      const { mailbox, parameters } = event;
      const mailFrom = reply.sender === undefined ? mailbox : reply.sender;
      return turn({ transaction: { id: newId(), mailFrom, parameters } });
    }
    case "AddRcptTo":
      return void retold.routes.push(...reply.routes ?? []);
    case "ResetState":
    case "Deliver":
      return turn({});
  }
}

/** The handler that has decided, as far as it is known. */
function deciderAmong(steps: readonly Step[], reply: Reply): string {
  const [route] = reply.routes ?? [];
  if (isPositive(reply) && route === undefined) return "accepted";
  const isIts = route === undefined
    ? (its: Reply) => its.code === reply.code && its.enhanced === reply.enhanced
    : (its: Reply) => its.routes?.some((one) => routeKey(one) === routeKey(route)) ?? false;
  let decider = "core";
  for (let inner = steps; inner.length > 0;) {
    const step = inner.find((step) => step.reply !== undefined && isIts(step.reply));
    if (step === undefined) break;
    decider = step.handler;
    inner = step.inner;
  }
  return decider;
}

/** The last step of the server's core about an event of the client. */
function coreIn(steps: readonly Step[], type: EventName): Step | undefined {
  return steps.reduceRight<Step | undefined>((found, step) => {
    const isIt = step.handler === "core" && step.depth === 0 && step.event.type === type;
    return found ?? (isIt ? step : coreIn(step.inner, type));
  }, undefined);
}
