/**
 * The queue of a server: it takes accepted messages, keeps them safe, and delivers them.
 * @module
 */
import { messageOf } from "../base/message_of.ts";
import type { OwnMessage } from "../handler/own_message.ts";
import type { Route } from "../handler/reply.ts";
import type { Log } from "../log/event.ts";
import type { KeptMessage } from "../message/kept.ts";
import { split } from "../targets/consignment.ts";
import { Users } from "../base/users.ts";
import type { Asking } from "./asking.ts";
import type { Fate } from "./attempt.ts";
import { deliver, type Delivered, type DeliveryOptions } from "./delivery.ts";
import type { NewRecipient, QueuedMessage, QueuedRecipient } from "./entry.ts";
import { Gathering } from "./gathering.ts";
import { Lanes } from "./lanes.ts";
import { Own, type WrittenMessage } from "./own.ts";
import { recipientOf, routeOf } from "./plain.ts";
import { latestDue as latestDueBy, retry } from "./retry.ts";
import type { QueueRules } from "./rules.ts";
import { type Job, Runner } from "./runner.ts";
import { laneSettings, retrySettings, settingsFor } from "./schedule.ts";
import {
  type Batch,
  type NewMessage,
  type QueueDesk,
  type QueueStore,
  StoreFault,
  StoreFull,
} from "./store.ts";
import type { Settled } from "./settle.ts";
import { Upkeep } from "./upkeep.ts";

/** What a queue is made of: its first rules, and what stays when others replace them. */
export interface QueueOptions extends QueueRules {
  readonly store: QueueStore;
  /** Where the store is, for the log. */
  readonly place: string;
  readonly log: Log;
  /** The server's own name. */
  readonly hostname: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** A recipient of a message that is accepted, and what is known of it already. */
export interface Accepted {
  readonly route: Route;
  /** Why it is on hold. */
  readonly hold?: string | undefined;
  /** What became of it before the reply. */
  readonly fate?: Fate | undefined;
}

/** Milliseconds before a commit that has failed is tried again. */
const PAUSE = 1000;

/** A queue. */
export class Queue {
  readonly #options: QueueOptions;
  readonly #killed = new AbortController();
  readonly #gathering = new Gathering<Settled>();
  #rules: QueueRules;
  #own: Own;
  /** What delivers, once the queue has started. */
  #runner!: Runner;
  #lanes!: Lanes<Job>;
  #asking!: Asking;
  #deliver!: (job: Job) => Promise<Delivered>;
  #upkeep: Upkeep | undefined;
  #failing = false;
  /** When an operator last changed something, by `performance.now()`. */
  #changed = -Infinity;

  constructor(options: QueueOptions) {
    this.#options = options;
    this.#rules = options;
    this.#own = new Own({ ...options, settings: options.reports });
  }

  /**
   * Begins to deliver. Before that, nothing can be accepted.
   *
   * @param users counts the deliveries
   */
  start(asking: Asking, users: Users = new Users()): void {
    this.#use(asking, users);
    const { store, now } = this.#options;
    const lanes = laneSettings(
      () => this.#rules.schedule,
      (name) => this.#rules.targets.groupsOf(name),
    );
    this.#lanes = new Lanes<Job>(lanes);
    this.#runner = new Runner({
      ...{ store, now, lanes: this.#lanes },
      ticks: () => performance.now(),
      deliver: (job) => this.#deliver(job),
      broke: (error) => this.#broke(error),
    });
    this.#runner.look();
    const latestDue = () => {
      const { schedule } = this.#rules;
      return [latestDueBy(now(), retrySettings(schedule)), now() + schedule.longestHold] as const;
    };
    this.#upkeep = new Upkeep({
      ...{ store, now, latestDue },
      keep: () => this.#rules.keep,
      due: (time) => this.#runner.due(time),
      broke: (error) => this.#broke(error),
    });
  }

  /** Delivers by other rules from now on; deliveries that run end by those that they began with. */
  follow(rules: QueueRules, asking: Asking, users: Users): void {
    this.#rules = rules;
    this.#own = new Own({ ...this.#options, settings: rules.reports });
    this.#use(asking, users);
    this.#lanes.limit();
    this.#runner.look();
  }

  #use(asking: Asking, users: Users): void {
    this.#asking = asking;
    const delivery = this.#deliveryBy(this.#rules, asking);
    this.#deliver = async (job) => {
      users.enter();
      try {
        return await deliver(job, delivery);
      } finally {
        users.leave();
      }
    };
  }

  #deliveryBy({ targets, schedule }: QueueRules, asking: Asking): DeliveryOptions {
    const settingsOf = (destination: string) => settingsFor(schedule, destination);
    const own = this.#own;
    return {
      ...this.#options,
      ...{ targets, asking, signal: this.#killed.signal, gathering: this.#gathering },
      warnAfter: schedule.warnAfter,
      retry: (facts, random) => retry(facts, settingsOf, random),
      lifetimeOf: (destination) => settingsOf(destination).lifetime,
      report: (message, notices, body) => own.reports(message, notices, body),
      relays: (target) => targets.get(target)?.relays === true,
      enter: (routes, instead, now) =>
        split(routes, targets).map((route) => this.#inPlaceOf(instead, route, now)),
      changed: () => this.#changed,
      committed: (batch) => this.#committed(batch),
      pause: (error) => this.#pause(error),
      after: (message, recipient, told) =>
        asking.after(message, recipient, routeOf(recipient), told),
    };
  }

  /** As {@linkcode QueueStore.keep}. */
  async keep(id: string, body: AsyncIterable<Uint8Array>): Promise<KeptMessage> {
    try {
      return await this.#options.store.keep(id, body);
    } catch (error) {
      if (error instanceof StoreFull || error instanceof StoreFault) this.#broke(error);
      throw error;
    }
  }

  /**
   * Takes a message. When it returns, the message is safe, and its delivery begins.
   *
   * @param body what {@linkcode keep} gave; the queue disposes of it
   * @param due when the first attempt may be, in milliseconds since the epoch
   * @throws {StoreFull}
   * @throws {StoreFault}
   */
  async accept(
    message: QueuedMessage,
    accepted: readonly Accepted[],
    body: KeptMessage,
    due: number,
  ): Promise<void> {
    const { store, now } = this.#options;
    const room = accepted.some(({ fate }) => fate !== undefined) ? "body" : this.#runner.room;
    const waiting: NewRecipient["state"] = room === "none" || due > now()
      ? { at: "waiting", due }
      : { at: "active" };
    const recipients = accepted.map(({ route, hold, fate }) =>
      recipientOf(route, {
        destination: this.#destinationOf(route),
        state: hold !== undefined
          ? { at: "held", reason: hold }
          : fate !== undefined
          ? { at: "active" }
          : waiting,
      })
    );
    try {
      const keys = await store.commit({ messages: [{ message, recipients, body }] });
      this.#well();
      const all = recipients.map((recipient, i): QueuedRecipient => (
        { ...recipient, ...UNTRIED, key: keys[i]!, message: message.id }
      ));
      this.#begin(message, all, accepted, room === "body" ? body : undefined);
      if (room !== "body") await body.dispose();
    } catch (error) {
      this.#broke(error);
      await body.dispose();
      throw error;
    }
  }

  /** Sends a message of a handler. Returns its queue id, once it is safe. */
  async send(own: OwnMessage): Promise<string> {
    return await this.#commit(await this.#own.message(own));
  }

  /** Sends a message that is written already, as {@linkcode send} does. */
  async sendWritten(message: WrittenMessage): Promise<string> {
    return await this.#commit(await this.#own.written(message));
  }

  async #commit(entered: NewMessage): Promise<string> {
    const { store } = this.#options;
    try {
      await store.commit({ messages: [entered] });
    } finally {
      await entered.body.dispose();
    }
    this.#wakeFor(entered.recipients);
    return entered.message.id;
  }

  /** What operators ask and change: what they change may be due. */
  get desk(): QueueDesk {
    const { store } = this.#options;
    return {
      find: (filter, after, limit) => store.find(filter, after, limit),
      stats: () => store.stats(),
      head: (id, octets) => store.head(id, octets),
      trace: (what, limit) => store.trace(what, limit),
      change: async (filter, change, page) => {
        if (!page.dryRun) this.#changed = performance.now();
        const changed = await store.change(filter, change, page);
        if ("due" in change && !page.dryRun && changed.items.length > 0) {
          this.#runner.due(change.due);
        }
        return changed;
      },
    };
  }

  /** Why nothing can be accepted at the moment; `undefined` if all is well. */
  get trouble(): string | undefined {
    return this.#options.store.trouble;
  }

  /**
   * Starts no more deliveries, and returns when those that run have ended. What is accepted meanwhile stays in the store;
   * who lets something be accepted afterwards stops once more.
   */
  async stop(): Promise<void> {
    this.#upkeep?.[Symbol.dispose]();
    await this.#runner.stop();
    await this.#asking.idle();
  }

  /** Tells deliveries that run to end, and repeats nothing any more. What does not end counts as if it had not begun. */
  kill(): void {
    this.#killed.abort();
    void this.stop();
  }

  #begin(
    message: QueuedMessage,
    recipients: readonly QueuedRecipient[],
    accepted: readonly Accepted[],
    body: KeptMessage | undefined,
  ): void {
    const tried = new Map(recipients.flatMap((recipient, i) => {
      const { fate } = accepted[i]!;
      return fate === undefined ? [] : [[recipient, fate] as const];
    }));
    const active = recipients.filter((one) => one.state.at === "active" && !tried.has(one));
    const since = performance.now();
    const groups = [...Map.groupBy(active, ({ destination }) => destination).values()];
    if (tried.size > 0) groups.push([...tried.keys()]);
    let open = groups.length;
    const release = () => void (--open <= 0 && body?.dispose());
    if (open === 0) release();
    const jobs = groups.map((recipients): Job => ({
      keys: recipients.map(({ key }) => key),
      message: message.id,
      destination: recipients[0]!.destination,
      sender: message.sender,
      priority: message.priority,
      fresh: body && { message, recipients, body, tried, since, release },
    }));
    if (tried.size > 0) this.#runner.settle(jobs.pop()!);
    this.#runner.begin(jobs);
    this.#wakeFor(recipients);
  }

  #destinationOf({ target, ...addressee }: Route): string {
    return this.#rules.targets.destinationOf(target, addressee);
  }

  #inPlaceOf(instead: QueuedRecipient, route: Route, due: number): NewRecipient {
    const { original, parameters, copy } = instead;
    return {
      ...recipientOf(route, {
        destination: this.#destinationOf(route),
        state: { at: "waiting", due },
      }),
      ...{ original, parameters, copy: copy || route.copy === true },
    };
  }

  #committed({ messages = [], settled = [] }: Batch): void {
    this.#well();
    for (const { recipients } of messages) this.#wakeFor(recipients);
    this.#wakeFor(settled);
    for (const { others = [] } of settled) this.#wakeFor(others);
  }

  #wakeFor(changed: readonly Pick<NewRecipient, "state">[]): void {
    for (const { state } of changed) if (state.at === "waiting") this.#runner.due(state.due);
  }

  #well(): void {
    if (!this.#failing) return;
    this.#failing = false;
    this.#options.log("queue recovered", { directory: this.#options.place });
  }

  #broke(error: unknown): void {
    if (this.#failing) return;
    this.#failing = true;
    this.#options.log("queue failed", { directory: this.#options.place, error: messageOf(error) });
  }

  async #pause(error: unknown): Promise<void> {
    this.#broke(error);
    const { signal } = this.#killed;
    signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}

const UNTRIED = { attempts: 0, last: undefined, warned: false, refusal: undefined };
