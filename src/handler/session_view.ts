/**
 * The session as handlers see it.
 * @module
 */
import type { SenderAuthentication } from "../authenticity/verdict.ts";
import { BoundResolver, type Resolver } from "../dns/resolver.ts";
import type { Field } from "../log/event.ts";
import type { KeptMessage } from "../message/kept.ts";
import type { ClientDetails } from "../smtp/client_details.ts";
import type { Mailbox } from "../smtp/mailbox.ts";
import type { Command } from "./command.ts";
import type { Event } from "./event.ts";
import type { MaybePromise } from "./handler.ts";
import { handlerFields } from "./log_fields.ts";
import type { OwnMessage } from "./own_message.ts";
import { BROKEN, type Reply } from "./reply.ts";
import { senderAuthentication } from "./sender_authentication.ts";
import type {
  Helo,
  LocalUser,
  Peer,
  Session,
  SessionListener,
  SessionState,
  Transaction,
} from "./session.ts";
import {
  SEEN_BY,
  type Step,
  STEPS,
  SUPERVISOR,
  type Supervisor,
  type Watched,
} from "./supervisor.ts";
import type { Tls } from "./tls.ts";
import type { Held, Json, Scope, Variable } from "./variable.ts";

const NOBODY: readonly Mailbox[] = Object.freeze([]);

/** The greatest depth of triggers. */
export const MAX_DEPTH = 20;

/** A session at one depth; during a recording, as the handler of one step sees it. */
export class SessionView implements Session, Watched<Session> {
  readonly #state: SessionState;
  readonly #command: Command;
  readonly depth: number;
  readonly #step: Step | undefined;
  #dns: Resolver | undefined;

  constructor(state: SessionState, command: Command, depth = 0, step?: Step) {
    this.#state = state;
    this.#command = command;
    this.depth = depth;
    this.#step = step;
    Object.freeze(this);
  }

  get id(): string {
    return this.#state.id;
  }
  get peer(): Peer {
    return this.#state.peer;
  }
  get named(): boolean {
    return this.#state.named;
  }
  get forwarded(): ClientDetails | undefined {
    return this.#state.forwarded;
  }
  get listener(): SessionListener {
    return this.#state.listener;
  }
  get hostname(): string {
    return this.#state.context.hostname;
  }
  get dns(): Resolver {
    return this.#dns ??= new BoundResolver(this.#state.context.dns, () => this.signal);
  }
  get time(): Date {
    return new Date(this.#state.context.now?.() ?? Date.now());
  }
  get tls(): Tls | undefined {
    return this.#state.tls;
  }
  get user(): string | undefined {
    return this.#state.user;
  }
  get localUser(): LocalUser | undefined {
    return this.#state.localUser;
  }
  get helo(): Helo | undefined {
    return this.#state.helo;
  }
  get transaction(): Transaction | undefined {
    return this.#state.transaction;
  }
  get mailFrom(): Mailbox | null | undefined {
    return this.#state.transaction?.mailFrom;
  }
  get recipients(): readonly Mailbox[] {
    return this.#state.transaction?.recipients ?? NOBODY;
  }
  get senderAuthentication(): SenderAuthentication {
    return this.get(senderAuthentication);
  }
  get original(): Event {
    return this.#command.event;
  }
  get signal(): AbortSignal {
    return this.#state.signal;
  }
  get [SUPERVISOR](): Supervisor {
    return this.#command.supervisor;
  }
  get [STEPS](): Step[] | undefined {
    return this.#step?.inner ?? this.#command.supervisor.recording;
  }
  [SEEN_BY](step: Step): Session {
    return new SessionView(this.#state, this.#command, this.depth, step);
  }

  get<S extends Scope, T>(variable: Variable<S, T>): Held<S, T> {
    const { scope, initial, slot } = variable;
    if (scope === "global") {
      const stored = this.#state.context.globals.get(variable);
      return stored.then((value) => value === undefined ? initial() : value) as Held<S, T>;
    }
    const values = this.#values(scope);
    if (!values.has(slot)) values.set(slot, initial());
    return values.get(slot) as Held<S, T>;
  }

  set<S extends Scope, T>(variable: Variable<S, T>, value: T): Held<S, void> {
    const { scope, slot } = variable;
    if (scope === "global") {
      return this.#state.context.globals.set(variable, value as Json) as Held<S, void>;
    }
    return void this.#values(scope).set(slot, value) as Held<S, void>;
  }

  update<S extends Scope, T>(variable: Variable<S, T>, change: (old: T) => T): Held<S, T> {
    const { scope, initial, slot } = variable;
    if (scope === "global") {
      const changed = this.#state.context.globals.update(
        variable,
        (old) => change(old === undefined ? initial() : old as T) as Json,
      );
      return changed as Held<S, T>;
    }
    const values = this.#values(scope);
    const value = change(values.has(slot) ? values.get(slot) as T : initial());
    values.set(slot, value);
    return value as Held<S, T>;
  }

  tick<S extends Scope>(variable: Variable<S, number>): Held<S, number> {
    return this.update(variable, (n) => n + 1);
  }

  unset<S extends Scope>(variable: Variable<S, unknown>): Held<S, void> {
    const { scope, slot } = variable;
    if (scope === "global") return this.#state.context.globals.unset(variable) as Held<S, void>;
    return void this.#values(scope).delete(slot) as Held<S, void>;
  }

  #values(scope: Exclude<Scope, "global">): Map<string, unknown> {
    return scope === "command" ? this.#command.values : this.#state.values(scope);
  }

  trigger(event: Event): MaybePromise<Reply> {
    if (this.depth >= MAX_DEPTH) {
      this.#command.supervisor.broke("trigger", event, `nested more than ${MAX_DEPTH} deep`);
      return BROKEN;
    }
    const inner = new SessionView(this.#state, this.#command, this.depth + 1, this.#step);
    return this.#state.context.chain(event, () => BROKEN, inner);
  }

  whenAnswered(then: (answer: Reply) => MaybePromise<void>): void {
    const { supervisor } = this.#command;
    const broke = (error: unknown) => supervisor.broke("whenAnswered", this.original, error);
    this.#command.whenAnswered((answer) => Promise.try(then, answer).catch(broke));
  }

  whenTransactionEnds(then: (accepted: boolean) => MaybePromise<void>): void {
    const { supervisor } = this.#command;
    const broke = (error: unknown) => supervisor.broke("whenTransactionEnds", this.original, error);
    this.#state.endings.add((accepted) => Promise.try(then, accepted).catch(broke));
  }

  async send(message: OwnMessage): Promise<void> {
    const { send } = this.#state.context;
    if (send === undefined) throw new Error("there is no queue that could send a message");
    const { to, subject } = message;
    this.log("sends a message", { recipient: `<${to}>`, subject, message: await send(message) });
  }

  log(text: string, fields: Readonly<Record<string, Field>> = {}): void {
    this.#state.context.log("handler", handlerFields(this.#state, text, fields));
  }

  warn(text: string, fields: Readonly<Record<string, Field>> = {}): void {
    this.#state.context.log("handler warns", handlerFields(this.#state, text, fields));
  }

  keep(body: AsyncIterable<Uint8Array>): Promise<KeptMessage> {
    return this.#state.context.keep(body);
  }

  async record(run: () => MaybePromise<Reply>): Promise<{ reply: Reply; steps: readonly Step[] }> {
    const { supervisor } = this.#command;
    const whole = this.#step?.inner; // a recording outside includes this
    const steps: Step[] = whole ?? (supervisor.recording = []);
    const before = steps.length;
    try {
      return { reply: await run(), steps: steps.slice(before) };
    } finally {
      if (supervisor.recording === steps) supervisor.recording = undefined;
    }
  }
}
