/**
 * The session as handlers see it, and the state behind it.
 * @module
 */
import type { SenderAuthentication } from "../authenticity/verdict.ts";
import type { Resolver } from "../dns/resolver.ts";
import type { Field, Log } from "../log/event.ts";
import type { Keep, KeptMessage } from "../message/kept.ts";
import type { ListenerKind } from "../net/address.ts";
import type { ClientDetails } from "../smtp/client_details.ts";
import type { Mailbox } from "../smtp/mailbox.ts";
import type { Parameters } from "../smtp/parameters.ts";
import type { Event } from "./event.ts";
import type { Handler, MaybePromise } from "./handler.ts";
import { Endings } from "./endings.ts";
import type { Recorder } from "./recorder.ts";
import type { OwnMessage, Send } from "./own_message.ts";
import { sessionFields } from "./log_fields.ts";
import { type Judge, type Step, Supervisor } from "./supervisor.ts";
import type { Reply, Route } from "./reply.ts";
import type { GlobalStore } from "./global_store.ts";
import type { Tls } from "./tls.ts";
import type { Held, Scope, Variable } from "./variable.ts";

/** The other end of a connection. */
export interface Peer {
  /** IPv4 or IPv6 address; `unix` for a client on a Unix socket. */
  readonly address: string;
  /** TCP port, 0 for a Unix socket. */
  readonly port: number;
}

/** Where a client has connected. */
export interface SessionListener {
  /** `127.0.0.1:25`, `[::1]:25`, `unix:/run/postmaster.sock`. */
  readonly address: string;
  /** What clients come for. */
  readonly kind: ListenerKind;
}

/** A user of this machine who has handed over mail, such as by `sendmail`. The system vouches for who it is. */
export interface LocalUser {
  /** The name of the account; `uid-1234` for one without a name. */
  readonly name: string;
  /** The ID of the account. */
  readonly uid: number;
}

/** The client's name in HELO, EHLO or LHLO. */
export interface Helo {
  /** The argument of HELO, EHLO or LHLO. */
  readonly name: string;
  /** True for EHLO and LHLO, false for HELO. */
  readonly extended: boolean;
}

/** A mail transaction, from an accepted MAIL to its end (RFC 5321 section 3.3). */
export interface Transaction {
  /** The queue id: in the log, in `Received`, for mailers. */
  readonly id: string;
  /** The sender; `null` is the null path `<>`. */
  readonly mailFrom: Mailbox | null;
  /** The parameters of MAIL. */
  readonly parameters: Parameters;
  /** The accepted recipients, as the client named them. */
  readonly recipients: readonly Mailbox[];
  /** The routes of the recipients. */
  readonly routes: readonly Route[];
}

/** The session that a handler serves: what it can know and do. */
export interface Session {
  /** The id in the log. */
  readonly id: string;
  /** The client. */
  readonly peer: Peer;
  /** Whether another server has named the client by XCLIENT. */
  readonly named: boolean;
  /** What another server says by XFORWARD of the client from which it has the open transaction, or else the next one. */
  readonly forwarded: ClientDetails | undefined;
  /** The listener that the client has connected to. */
  readonly listener: SessionListener;
  /** The server's own name. */
  readonly hostname: string;
  /** The time now; tests and simulations can set it. */
  readonly time: Date;
  /** Looks up names in the DNS. Lookups end with the session. */
  readonly dns: Resolver;
  /** How the connection is encrypted; `undefined` if it is not. */
  readonly tls: Tls | undefined;
  /** The authenticated user, or the name of the {@linkcode Session.localUser}; `undefined` for a stranger. */
  readonly user: string | undefined;
  /** The user of this machine whose program has handed over the mail, by `sendmail`; `undefined` for all other clients. */
  readonly localUser: LocalUser | undefined;
  /** The client's last HELO, EHLO or LHLO. */
  readonly helo: Helo | undefined;
  /** The open transaction. */
  readonly transaction: Transaction | undefined;
  /** The accepted sender of the open transaction: `null` is the null path, `undefined` none yet. */
  readonly mailFrom: Mailbox | null | undefined;
  /** The accepted recipients of the open transaction, as the client named them. */
  readonly recipients: readonly Mailbox[];
  /**
   * What handlers have found out of who sent the message of the open transaction, as far as they have checked it: SPF at
   * MAIL, the rest at `Deliver`.
   */
  readonly senderAuthentication: SenderAuthentication;
  /**
   * The event that the client caused, before any handler changed it or asked for another one: the same at all depths.
   */
  readonly original: Event;
  /** 0 for an event of the client, one more inside each `trigger`. */
  readonly depth: number;
  /** Aborted when the session ends. */
  readonly signal: AbortSignal;

  /** The value of a variable. */
  get<S extends Scope, T>(variable: Variable<S, T>): Held<S, T>;
  /** Sets a variable. */
  set<S extends Scope, T>(variable: Variable<S, T>, value: T): Held<S, void>;
  /** Replaces a value by the result of `change`, with no other change in between, and returns it. */
  update<S extends Scope, T>(variable: Variable<S, T>, change: (old: T) => T): Held<S, T>;
  /** Adds one and returns the new number. */
  tick<S extends Scope>(variable: Variable<S, number>): Held<S, number>;
  /** Forgets a value: the variable has its first value again. */
  unset<S extends Scope>(variable: Variable<S, unknown>): Held<S, void>;

  /**
   * Asks the whole chain again from the outside, about an event of the handler's own. Handlers on the outside see it
   * too, at a greater `session.depth`.
   */
  trigger(event: Event): MaybePromise<Reply>;
  /**
   * Calls `then` with the reply that the client gets in the end: handlers further out may still change a handler's
   * reply. Nothing waits for `then`.
   */
  whenAnswered(then: (answer: Reply) => MaybePromise<void>): void;
  /**
   * Calls `then` at the end of the open transaction, or of the one that this MAIL opens. `accepted` is true if the
   * client was told that its message is accepted, in LMTP for one recipient or more; false if the message was refused
   * or deferred, if it broke off, or if there was none. Nothing waits for `then`.
   */
  whenTransactionEnds(then: (accepted: boolean) => MaybePromise<void>): void;
  /**
   * Sends a message of the server's own, with the null sender. Its mail goes where the handlers say. Resolves once the
   * message is safe in the queue.
   *
   * @throws {Error} if it cannot be put into the queue
   */
  send(message: OwnMessage): Promise<void>;
  /** Writes a line to the server's log, with the session's id. Control characters are escaped. */
  log(text: string, fields?: Readonly<Record<string, Field>>): void;
  /** As {@linkcode Session.log}, at the level `warning`: for faults that the operator should mend. */
  warn(text: string, fields?: Readonly<Record<string, Field>>): void;
  /**
   * Reads a message to its end and keeps it: a small one in memory, a large one in a file without a name. Who keeps a
   * message disposes of it, as {@linkcode inspect} does.
   */
  keep(body: AsyncIterable<Uint8Array>): Promise<KeptMessage>;
  /**
   * Calls `run` and records what each handler did. The steps form a tree: a step has the steps of the handlers that
   * its handler asked.
   */
  record(
    run: () => MaybePromise<Reply>,
  ): Promise<{ readonly reply: Reply; readonly steps: readonly Step[] }>;
}

/** The things that the sessions of a server share. */
export interface SessionContext {
  readonly hostname: string;
  readonly log: Log;
  readonly globals: GlobalStore;
  readonly dns: Resolver;
  readonly keep: Keep;
  /** The whole chain, for `trigger`. */
  readonly chain: Handler;
  /** Knows to which targets mail can go. */
  readonly judge: Judge;
  /** Sends what handlers send; without it, nothing can be sent. */
  readonly send?: Send | undefined;
  /** Milliseconds since the epoch; by default the system's time. */
  readonly now?: (() => number) | undefined;
}

/** The client of a session. */
export interface SessionOptions {
  readonly id: string;
  readonly peer: Peer;
  readonly listener: SessionListener;
  readonly context: SessionContext;
  readonly tls?: Tls | undefined;
  readonly user?: string | undefined;
  readonly localUser?: LocalUser | undefined;
}

/** The mutable half of a session. Only the engine writes to it. */
export class SessionState implements SessionOptions {
  readonly id: string;
  peer: Peer;
  named = false;
  forwarded: ClientDetails | undefined;
  readonly listener: SessionListener;
  readonly context: SessionContext;
  /** The watch over the handlers that are asked about commands. */
  readonly supervisor: Supervisor;
  readonly endings = new Endings();
  /** Keeps what happens in the session; `undefined` if nobody wants to know. */
  recorder: Recorder | undefined;
  tls: Tls | undefined;
  user: string | undefined;
  readonly localUser: LocalUser | undefined;
  helo: Helo | undefined;
  transaction: Transaction | undefined;
  #values: Map<string, unknown> | undefined;
  #ofTransaction: Map<string, unknown> | undefined;
  #abort: AbortController | undefined;
  #ended = false;

  constructor(
    { id, peer, listener, context, tls, localUser, user = localUser?.name }: SessionOptions,
  ) {
    this.id = id;
    this.tls = tls;
    this.user = user;
    this.localUser = localUser && Object.freeze(localUser);
    this.peer = Object.freeze(peer);
    this.listener = listener;
    this.context = context;
    this.supervisor = this.supervise();
  }

  /** Another watch, over handlers that are asked at the same time. */
  supervise(): Supervisor {
    const { log, judge } = this.context;
    return new Supervisor(() => sessionFields(this), log, judge);
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#ended) this.#abort.abort();
    return this.#abort.signal;
  }

  /** Sets what handlers see of the session's progress. */
  show(helo: Helo | undefined, transaction: Transaction | undefined): void {
    if (this.transaction !== undefined && transaction === undefined) this.forwarded = undefined;
    this.helo = helo;
    this.transaction = transaction;
    if (transaction === undefined) this.endings.end(false);
  }

  /** Forgets the variables of the last transaction, before the event of a new one is asked. */
  forget(): void {
    this.endings.end(false);
    this.#ofTransaction = undefined;
  }

  /** Begins anew with the client that another server names: nothing of the one before is left. */
  begin(peer: Peer, user: string | undefined): void {
    this.forget();
    this.#values = undefined;
    this.forwarded = undefined;
    this.peer = Object.freeze(peer);
    this.named = true;
    this.user = user;
    if (this.tls !== undefined) this.encrypted(this.tls);
  }

  /**
   * The connection is encrypted. The certificate is no client's if another server has named the client: that server may
   * have shown it.
   *
   * @returns what handlers see of it
   */
  encrypted(tls: Tls): Tls {
    return this.tls = this.named ? Object.freeze({ ...tls, peer: undefined }) : tls;
  }

  end(): void {
    this.#ended = true;
    this.#abort?.abort();
    this.recorder?.end();
  }

  /** The values of a scope; made when first written to. */
  values(scope: "session" | "transaction"): Map<string, unknown> {
    return scope === "session" ? this.#values ??= new Map() : this.#ofTransaction ??= new Map();
  }
}
