/**
 * Open connections that nobody uses at the moment, for the next message to the same server.
 * @module
 */
import type { ClientSession } from "./session.ts";

/** How long connections are kept, and how many. Times are in milliseconds. */
export interface PoolLimits {
  /** For how long one is kept without a message. */
  readonly idle: number;
  /** After this time since it was opened it gets no more messages. */
  readonly age: number;
  /** The most messages of one connection. */
  readonly messages: number;
  /** The most that are kept, of all servers together. */
  readonly kept: number;
}

export const POOL_LIMITS: PoolLimits = { idle: 2_000, age: 300_000, messages: 100, kept: 100 };

/** A connection that waits. */
interface Idle {
  readonly key: string;
  /** What its server shares with others. */
  readonly group: string;
  readonly session: ClientSession;
  readonly since: number;
}

/** Keeps connections by a key: those with the same key serve the same mail equally. */
export class Pool {
  readonly #limits: PoolLimits;
  /** The one that waits longest is the first. */
  readonly #idle = new Set<Idle>();
  readonly #byKey = new Map<string, Idle[]>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  constructor(limits: PoolLimits = POOL_LIMITS) {
    this.#limits = limits;
  }

  /** One that can be used, which is the caller's then; `undefined` if there is none. */
  take(key: string): ClientSession | undefined {
    for (;;) {
      const last = this.#byKey.get(key)?.at(-1);
      if (last === undefined) return undefined;
      this.#remove(last);
      if (last.session.usable) return last.session;
      last.session.destroy();
    }
  }

  /** Keeps one, or ends it. */
  give(key: string, group: string, session: ClientSession): void {
    const { age, messages, kept } = this.#limits;
    if (!session.usable) return session.destroy();
    const isSpent = session.sent >= Math.min(messages, session.most) ||
      performance.now() - session.opened >= age;
    if (isSpent || this.#isClosed) return void session.quit();
    const idle = { key, group, session, since: performance.now() };
    this.#idle.add(idle);
    this.#byKey.set(key, [...this.#byKey.get(key) ?? [], idle]);
    const [oldest] = this.#idle;
    if (this.#idle.size > kept) this.#end(oldest!);
    this.#timer ??= setTimeout(() => this.#sweep(), this.#limits.idle);
  }

  /** Ends those that wait longest of a group, until no more than so many are left. */
  async trim(group: string, most: number): Promise<void> {
    const its = [...this.#idle].filter((idle) => idle.group === group);
    await Promise.all(its.slice(0, Math.max(0, its.length - most)).map((idle) => this.#end(idle)));
  }

  /** Ends all that wait, and keeps no more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await Promise.all([...this.#idle].map((idle) => this.#end(idle)));
  }

  #sweep(): void {
    this.#timer = undefined;
    const now = performance.now();
    for (const idle of this.#idle) {
      const left = idle.since + this.#limits.idle - now;
      if (left > 0) {
        this.#timer = setTimeout(() => this.#sweep(), left);
        return;
      }
      this.#end(idle);
    }
  }

  async #end(idle: Idle): Promise<void> {
    this.#remove(idle);
    await idle.session.quit();
  }

  #remove(idle: Idle): void {
    this.#idle.delete(idle);
    const others = this.#byKey.get(idle.key)!.filter((one) => one !== idle);
    if (others.length === 0) this.#byKey.delete(idle.key);
    else this.#byKey.set(idle.key, others);
  }
}
