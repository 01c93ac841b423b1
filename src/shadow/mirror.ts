/**
 * The sessions of a server in the mirror: candidates are asked about each event of a live session, in the state in
 * which the live handlers have brought the session. What they answer is compared, and has no effect.
 * @module
 */
import { within } from "../base/within.ts";
import { DnsError } from "../dns/error.ts";
import type { RecordType } from "../dns/records.ts";
import { type DnsAnswer, Resolver } from "../dns/resolver.ts";
import { Command } from "../handler/command.ts";
import type { Event } from "../handler/event.ts";
import type { GlobalStore } from "../handler/global_store.ts";
import { chain, type Handler, isPromise } from "../handler/handler.ts";
import { BROKEN, isAcceptance, isPositive, type Reply, type Route } from "../handler/reply.ts";
import { type SessionContext, SessionState } from "../handler/session.ts";
import { SessionView } from "../handler/session_view.ts";
import type { Judge } from "../handler/supervisor.ts";
import { isDifferent, type Judgement } from "../handler/verdict_difference.ts";
import type { Log } from "../log/event.ts";
import { Memory } from "../message/memory.ts";
import { spool } from "../message/spool.ts";
import type { Limits } from "../server/limits.ts";
import { coreOf } from "./core.ts";
import { eventInWords, judgementOfLive, judgementOfShadow } from "./judgements.ts";
import type { Mirrored } from "./mirrored.ts";
import type { Answer, Facts, ObservedEvent, Told } from "./observed.ts";
import type { Tally } from "./tally.ts";
import { handlerBehind } from "./watch.ts";

/** Milliseconds for an answer. */
const PATIENCE = 30_000;
/** Events that wait to be asked, and octets of messages: beyond, sessions are given up. */
const MOST_EVENTS = 10_000;
const MOST_OCTETS = 64 * 1024 * 1024;

/** What the sessions in the mirror share. */
export interface World {
  readonly policy: Handler;
  readonly limits: Limits;
  readonly globals: GlobalStore;
  readonly judge: Judge;
  /** Looks up a name. */
  readonly ask: (name: string, type: RecordType) => Promise<Answer>;
  readonly tally: Tally;
  /** The names of the live handlers that ask other programs. */
  readonly remote: ReadonlySet<string>;
}

/** Takes what the server tells. */
export class Mirror {
  readonly #world: World;
  readonly #whole: Handler;
  readonly #sessions = new Map<number, Mirrored>();
  /** By their signals, as in the feed. */
  readonly #open = new Map<AbortSignal, Mirrored>();
  readonly #memory: Memory;
  #events = 0;
  #octets = 0;

  constructor(world: World) {
    this.#world = world;
    const { policy, limits } = world;
    this.#memory = new Memory(Infinity);
    this.#whole = chain(policy, coreOf(policy, limits, ({ signal }) => this.#open.get(signal)));
  }

  take(told: Told): void {
    if (told.kind === "session") return this.#begin(told.session, told.about);
    if (told.kind !== "event" && told.kind !== "end") return;
    const mirrored = this.#sessions.get(told.session);
    if (mirrored === undefined) return;
    if (told.kind === "end") return this.#end(told.session, mirrored, told.lost);
    if (this.#events >= MOST_EVENTS) return this.#lose(told.session, mirrored);
    this.#events++;
    const { pieces } = mirrored;
    if (told.event.type === "Deliver") mirrored.pieces = [];
    mirrored.done = mirrored.done.then(() => this.#ask(told, mirrored, pieces)).finally(() => {
      this.#events--;
      if (told.event.type === "Deliver") this.#octets -= octetsOf(pieces);
    });
  }

  /** Resolves once all that was told has been answered. */
  async idle(): Promise<void> {
    await Promise.all(Array.from(this.#open.values(), ({ done }) => done));
  }

  /** A piece of the message of a session. */
  piece(session: number, piece: Uint8Array): void {
    const mirrored = this.#sessions.get(session);
    if (mirrored === undefined) return;
    if (this.#octets + piece.length > MOST_OCTETS) return this.#lose(session, mirrored);
    this.#octets += piece.length;
    mirrored.pieces.push(piece);
  }

  #begin(
    session: number,
    { id, listener, hostname, localUser }: Extract<Told, { kind: "session" }>["about"],
  ): void {
    const { globals, judge, tally } = this.#world;
    const context: SessionContext = {
      ...{ hostname, globals, judge, chain: this.#whole, log: this.#logOf(() => mirrored) },
      dns: new AskingResolver(this.#world.ask, () => mirrored.troubles.add("dns")),
      keep: (body) => spool(body, noFile, this.#memory),
      now: () => mirrored.told?.time ?? Date.now(),
      send: ({ to, subject }) => {
        tally.note({ what: "sends", handler: "-", event: "-", text: `${to}: ${subject}` });
        return Promise.resolve("-");
      },
    };
    const peer = { address: "", port: 0 };
    const state = new SessionState({ id, peer, listener, context, localUser });
    const mirrored: Mirrored = {
      ...{ state, told: undefined, reached: undefined, body: undefined },
      ...{ troubles: new Set(), facts: undefined },
      ...{ recipients: [], routes: [], pieces: [], done: Promise.resolve() },
    };
    this.#sessions.set(session, mirrored);
    this.#open.set(state.signal, mirrored);
  }

  #end(session: number, mirrored: Mirrored, lost: boolean): void {
    const { state } = mirrored;
    const { tally } = this.#world;
    this.#sessions.delete(session);
    this.#octets -= octetsOf(mirrored.pieces);
    mirrored.done = mirrored.done.then(() => {
      if (lost) tally.lost();
      else tally.session();
      state.show(state.helo, undefined);
      state.end();
      this.#open.delete(state.signal);
    });
  }

  #lose(session: number, mirrored: Mirrored): void {
    this.#end(session, mirrored, true);
  }

  /** Asks the candidates, and compares. */
  async #ask(
    told: ObservedEvent,
    mirrored: Mirrored,
    pieces: readonly Uint8Array[],
  ): Promise<void> {
    const { tally } = this.#world;
    const { state, troubles } = mirrored;
    mirrored.told = told;
    mirrored.reached = undefined;
    troubles.clear();
    if (told.facts !== undefined) follow(mirrored, told.facts);
    show(mirrored);
    const event = asked(told, mirrored, pieces);
    if (event.type === "SetMailFrom") state.forget();
    const { supervisor } = state;
    supervisor.begin();
    const command = new Command(event, supervisor);
    const view = new SessionView(state, command);
    const reply = await this.#answer(this.#whole(event, () => BROKEN, view), mirrored);
    const [trouble] = troubles;
    if (trouble !== undefined) tally.uncompared(trouble);
    else this.#compare(told, mirrored, pieces, reply, handlerBehind(reply, view));
    command.answered(reply);
    if (event.type === "Deliver") state.endings.end(isAcceptance(reply));
    settle(told, mirrored);
  }

  async #answer(given: Reply | Promise<Reply>, { troubles, state }: Mirrored): Promise<Reply> {
    if (!isPromise(given)) return given;
    let reply = BROKEN;
    const answered = given.then((its) => void (reply = its), () => {});
    if (await within(answered, PATIENCE)) return reply;
    troubles.clear();
    troubles.add("late");
    state.supervisor.giveUp();
    return BROKEN;
  }

  #compare(
    told: ObservedEvent,
    { state, reached }: Mirrored,
    pieces: readonly Uint8Array[],
    reply: Reply,
    handler: string,
  ): void {
    const { tally, remote } = this.#world;
    if (remote.has(told.handler)) return tally.uncompared("remote");
    // What such a handler makes of a message, the shadow does not see either.
    const judged = (judgement: Judgement): Judgement =>
      remote.size === 0 ? judgement : { ...judgement, changes: [] };
    const before = judged(judgementOfLive(told, pieces));
    const after = judged(judgementOfShadow(told, reached, pieces, reply, handler));
    tally.compared();
    if (!isDifferent(before, after)) return;
    const { id: session, peer: { address: client } } = state;
    const { time, event } = told;
    const said = eventInWords(event);
    tally.differs({
      ...{ session, client, time, type: event.type, event: said, before, after },
    });
  }

  /** Notes what handlers log, and why they break. What they may not do is no verdict of theirs. */
  #logOf(mirrored: () => Mirrored): Log {
    const log = (event: string, fields: object) => {
      const { handler = "-", error, text } = fields as Readonly<Record<string, string>>;
      const { told, troubles } = mirrored();
      const what = NOTED[event];
      if (told === undefined || what === undefined) return;
      if (what === "broke" && troubles.has("cut")) return; // over the end of what it read
      if (error?.includes("NotCapable")) troubles.add("forbidden");
      const said = String(error ?? text).split("\n").slice(0, 2).join(" ");
      this.#world.tally.note({ what, handler, event: told.event.type, text: said });
    };
    return Object.assign(log, { wants: () => true });
  }
}

/** What of the log is noted. */
const NOTED: Readonly<Record<string, string>> = {
  "handler broke": "broke",
  "handler warns": "warns",
  handler: "logs",
};

function noFile(): never {
  throw new Error("a shadow keeps no message of this size");
}

const octetsOf = (pieces: readonly Uint8Array[]): number =>
  pieces.reduce((sum, { length }) => sum + length, 0);

/** The session is as the live one was when the event was asked. */
function follow(mirrored: Mirrored, facts: Facts): void {
  const { state, facts: before } = mirrored;
  const { peer, named, forwarded, tls, user, transaction } = facts;
  const isAnother = JSON.stringify(before?.peer) !== JSON.stringify(peer);
  if (named && isAnother) state.begin(peer, user);
  else if (isAnother) state.peer = Object.freeze(peer);
  state.forwarded = forwarded;
  state.tls = tls;
  state.user = user;
  mirrored.facts = facts;
  if (before?.transaction?.id === transaction?.id) return;
  mirrored.recipients = [];
  mirrored.routes = [];
}

function show({ state, facts, told, ...mirrored }: Mirrored): void {
  const { helo, transaction } = facts ?? {};
  const { recipients, routes } = told !== undefined && "route" in told.event
    ? ofDelivery(told.event.route)
    : mirrored;
  const open = transaction && { ...transaction, recipients: [...recipients], routes: [...routes] };
  state.show(helo, open);
}

/** Of a message in the queue, handlers see one recipient. */
const ofDelivery = (route: Route) => ({
  recipients: [route.original ?? route.recipient],
  routes: [route],
});

/** What the live handlers have decided holds for the events that follow. */
function settle({ event, reply }: ObservedEvent, mirrored: Mirrored): void {
  if (event.type !== "AddRcptTo" || !isPositive(reply)) return;
  mirrored.recipients.push(event.mailbox);
  const named = { original: event.mailbox, parameters: event.parameters };
  for (const route of reply.routes ?? []) mirrored.routes.push({ ...route, ...named });
}

/** The event for the candidates. */
function asked(
  { event, missing }: ObservedEvent,
  mirrored: Mirrored,
  pieces: readonly Uint8Array[],
): Event {
  if (event.type !== "Deliver") return event;
  const { routes, state, troubles } = mirrored;
  const body = async function* () {
    for (const piece of pieces) yield await Promise.resolve(piece.slice());
    if (missing === undefined) return;
    troubles.add("cut");
    throw new Error("the rest of the message is missing");
  };
  mirrored.body = body();
  return { type: "Deliver", body: mirrored.body, routes: [...routes], signal: state.signal };
}

/** Asks the server, which has a budget for that. */
class AskingResolver extends Resolver {
  readonly #ask: World["ask"];
  readonly #spent: () => void;

  constructor(ask: World["ask"], spent: () => void) {
    super();
    this.#ask = ask;
    this.#spent = spent;
  }

  async query<T extends RecordType>(name: string, type: T): Promise<DnsAnswer<T>> {
    const answer = await this.#ask(name, type);
    if ("found" in answer) return answer.found as DnsAnswer<T>;
    if (answer.spent) this.#spent();
    throw new DnsError(answer.error, name, type);
  }
}
