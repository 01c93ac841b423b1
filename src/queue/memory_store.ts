/**
 * A queue in memory, for tests: nothing survives the end of the process.
 * @module
 */
import { refusalKind } from "../handler/outcome.ts";
import { Chunks } from "../message/chunks.ts";
import type { KeptMessage } from "../message/kept.ts";
import type { Attempt, NewRecipient, QueuedMessage, QueuedRecipient, StateName } from "./entry.ts";
import { changedBy } from "./changed_by.ts";
import { matches, mayChange } from "./matches.ts";
import type {
  Batch,
  Change,
  Due,
  Filter,
  Keys,
  Listed,
  Loaded,
  Page,
  QueueStore,
  Settlement,
  Stats,
  Trace,
  Traced,
} from "./store.ts";

interface Entry {
  readonly message: QueuedMessage;
  /** `undefined` after its end. */
  octets: Uint8Array | undefined;
  ended: number | undefined;
}

/** How many destinations {@linkcode MemoryStore.stats} names. */
const TOP = 10;

/** A queue in memory. */
export class MemoryStore implements QueueStore {
  readonly trouble: string | undefined = undefined;
  readonly #messages = new Map<string, Entry>();
  readonly #recipients = new Map<number, QueuedRecipient>();
  /** The attempts of each recipient. */
  readonly #history = new Map<number, Attempt[]>();
  #lastKey = 0;

  async keep(_id: string, body: AsyncIterable<Uint8Array>): Promise<KeptMessage> {
    const pieces = new Chunks();
    for await (const piece of body) pieces.add(piece);
    return new KeptOctets(pieces.take());
  }

  async commit({ messages = [], settled = [] }: Batch): Promise<Keys> {
    await Promise.resolve(); // as from a disk, never in the same turn
    const known = messages.find(({ message: { id } }) => this.#messages.has(id));
    if (known !== undefined) throw new Error(`there is a message ${known.message.id} already`);
    return [
      ...messages.flatMap(({ message, recipients, body }) => {
        this.#messages.set(message.id, {
          ...{ message, octets: (body as KeptOctets).octets, ended: undefined },
        });
        const keys = recipients.map((one) => this.#add(message.id, one));
        const ends = recipients.flatMap(({ state }) => state.at === "ended" ? [state.time] : []);
        this.#close(message.id, Math.max(message.accepted, ...ends));
        return keys;
      }),
      ...settled.flatMap((one) => this.#settle(one)),
    ];
  }

  claim(now: number, limit: number, except: readonly string[]): Promise<readonly Due[]> {
    const due = [...this.#recipients.values()]
      .flatMap((one) => one.state.at === "waiting" ? [{ ...one, due: one.state.due }] : [])
      .filter(({ due, destination }) => due <= now && !except.includes(destination))
      .sort((a, b) => a.due - b.due)
      .slice(0, limit);
    return Promise.resolve(due.map(({ key, message, destination }) => {
      this.#put({ ...this.#recipients.get(key)!, state: { at: "active" } });
      const { sender, priority } = this.#messages.get(message)!.message;
      return { key, message, destination, sender, priority };
    }));
  }

  load(keys: readonly number[]): Promise<readonly Loaded[]> {
    return Promise.resolve(keys.flatMap((key) => {
      const recipient = this.#recipients.get(key);
      if (recipient?.state.at !== "active") return [];
      const { message, octets } = this.#messages.get(recipient.message)!;
      return [{ message, recipient, body: new KeptOctets(octets!) }];
    }));
  }

  nextDue(): Promise<number | undefined> {
    const due = [...this.#recipients.values()]
      .flatMap(({ state }) => state.at === "waiting" ? [state.due] : []);
    return Promise.resolve(due.length === 0 ? undefined : Math.min(...due));
  }

  recall(tried: number, untried: number): Promise<void> {
    for (const one of this.#recipients.values()) {
      const latest = one.attempts > 0 ? tried : untried;
      const { state } = one;
      if (state.at === "waiting" && state.due > latest) {
        this.#put({ ...one, state: { at: "waiting", due: latest } });
      }
    }
    return Promise.resolve();
  }

  purge(before: number, limit: number): Promise<number> {
    const old = [...this.#messages.values()]
      .filter(({ ended = Infinity }) => ended < before)
      .slice(0, limit);
    for (const { message: { id } } of old) {
      this.#messages.delete(id);
      for (const { key } of this.#recipientsOf(id)) {
        this.#recipients.delete(key);
        this.#history.delete(key);
      }
    }
    return Promise.resolve(old.length);
  }

  find(filter: Filter, after: number, limit: number): Promise<Page<Listed>> {
    return Promise.resolve(this.#find(filter, after, limit, () => true));
  }

  change(
    filter: Filter,
    change: Change,
    { after, limit, dryRun }: {
      readonly after: number;
      readonly limit: number;
      readonly dryRun: boolean;
    },
  ): Promise<Page<Listed>> {
    const found = this.#find(filter, after, limit, ({ recipient }) => mayChange(recipient, change));
    const items = found.items.map(({ message, recipient }) => (
      { message, recipient: changedBy(recipient, change) }
    ));
    for (const { message, recipient } of dryRun ? [] : items) {
      this.#put(recipient);
      if (change.kind === "drop") this.#close(message.id, change.time);
    }
    return Promise.resolve({ items, next: found.next });
  }

  stats(): Promise<Stats> {
    const open = [...this.#messages.values()].filter(({ ended }) => ended === undefined)
      .map(({ message }) => message);
    const recipients: Record<StateName, number> = { waiting: 0, active: 0, held: 0, ended: 0 };
    for (const { state } of this.#recipients.values()) recipients[state.at]++;
    const waiting = [...this.#recipients.values()].filter(({ state }) => state.at === "waiting");
    const count = <K extends string>(keys: readonly K[]) =>
      Array.from(Map.groupBy(keys, (key) => key), ([key, { length }]) => [key, length] as const)
        .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
    return Promise.resolve({
      messages: open.length,
      octets: open.reduce((sum, { size }) => sum + size, 0),
      recipients,
      oldest: open.length === 0 ? undefined : Math.min(...open.map(({ accepted }) => accepted)),
      destinations: count(waiting.map(({ destination }) => destination))
        .map(([destination, waiting]) => ({ destination, waiting })).slice(0, TOP),
      kinds: count(waiting.flatMap(({ last }) => refusalKind(last?.outcome) ?? []))
        .map(([kind, waiting]) => ({ kind, waiting })),
    });
  }

  head(id: string, octets: number): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.#messages.get(id)?.octets?.subarray(0, octets));
  }

  trace(what: Traced, limit: number): Promise<readonly Trace[]> {
    const traced = [...this.#messages.values()].reverse()
      .filter(({ message }) => isTraced(what, message, this.#recipientsOf(message.id)));
    return Promise.resolve(
      traced.slice(0, limit).map(({ message, ended }) => ({
        ...{ message, ended },
        recipients: this.#recipientsOf(message.id)
          .map((one) => ({ ...one, history: this.#history.get(one.key) ?? [] })),
      })),
    );
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #add(message: string, recipient: NewRecipient): number {
    const key = ++this.#lastKey;
    const untried = { attempts: 0, last: undefined, warned: false, refusal: undefined };
    this.#put({ ...recipient, ...untried, key, message });
    return key;
  }

  #settle({ key, attempt, state, warned = false, others = [] }: Settlement): number[] {
    const was = this.#recipients.get(key);
    if (was === undefined || was.state.at === "ended") return [];
    if (attempt !== undefined) {
      this.#history.set(key, [...this.#history.get(key) ?? [], attempt]);
    }
    const isKept = was.state.at === "held" && state.at === "waiting"; // an operator wants it so
    this.#put({
      ...was,
      state: isKept ? was.state : state,
      attempts: was.attempts + Number(attempt !== undefined),
      last: attempt ?? was.last,
      warned: was.warned || warned,
    });
    const keys = others.map((one) => this.#add(was.message, one));
    if (state.at === "ended") this.#close(was.message, state.time);
    return keys;
  }

  /** Ends a message, if none of its recipients is open any more. */
  #close(id: string, time: number): void {
    if (this.#recipientsOf(id).some(({ state }) => state.at !== "ended")) return;
    Object.assign(this.#messages.get(id)!, { octets: undefined, ended: time });
  }

  #find(
    filter: Filter,
    after: number,
    limit: number,
    also: (listed: Listed) => boolean,
  ): Page<Listed> {
    const items = [...this.#recipients.values()]
      .filter(({ key }) => key > after)
      .map((recipient) => ({ recipient, message: this.#messages.get(recipient.message)!.message }))
      .filter((listed) => matches(filter, listed) && also(listed))
      .slice(0, limit);
    return { items, next: items.length < limit ? undefined : items.at(-1)?.recipient.key };
  }

  #put(recipient: QueuedRecipient): void {
    this.#recipients.set(recipient.key, recipient);
  }

  #recipientsOf(id: string): QueuedRecipient[] {
    return [...this.#recipients.values()].filter(({ message }) => message === id);
  }
}

class KeptOctets implements KeptMessage {
  readonly octets: Uint8Array;

  constructor(octets: Uint8Array) {
    this.octets = octets;
  }

  get size(): number {
    return this.octets.length;
  }

  async *read(): AsyncIterable<Uint8Array> {
    yield await Promise.resolve(this.octets);
  }

  dispose(): Promise<void> {
    return Promise.resolve();
  }
}

function isTraced(
  what: Traced,
  message: QueuedMessage,
  recipients: readonly QueuedRecipient[],
): boolean {
  if ("id" in what) return message.id === what.id;
  if ("messageId" in what) return message.messageId === what.messageId;
  const same = (a: string | null | undefined, b: string) => a?.toLowerCase() === b.toLowerCase();
  if ("sender" in what) return same(message.sender, what.sender);
  return recipients.some(({ recipient, original }) =>
    same(recipient, what.recipient) || same(original, what.recipient)
  );
}
