/**
 * What the queue needs of the place where it keeps mail. A store knows nothing of targets, policy or time: it is given
 * the time. Its operations take and give plain data, and none of them holds anything open between two calls, so that
 * another implementation may serve several machines.
 * @module
 */
import type { RefusalKind } from "../handler/outcome.ts";
import type { KeptMessage } from "../message/kept.ts";
import type { Target } from "../handler/reply.ts";
import type { Message } from "../targets/target.ts";
import type {
  Attempt,
  NewRecipient,
  QueuedMessage,
  QueuedRecipient,
  RecipientState,
  StateName,
} from "./entry.ts";

/** The store has no room: later it may have. */
export class StoreFull extends Error {
  override readonly name = "StoreFull";
}

/** The store cannot keep anything at the moment. What the failed operation should have done has not happened. */
export class StoreFault extends Error {
  override readonly name = "StoreFault";
}

/** A message to be put into the queue. */
export interface NewMessage {
  readonly message: QueuedMessage;
  readonly recipients: readonly NewRecipient[];
  /** What {@linkcode QueueStore.keep} gave; it can still be read afterwards, until it is disposed of. */
  readonly body: KeptMessage;
}

/** What became of a recipient. */
export interface Settlement {
  readonly key: number;
  /** The attempt that has ended; without it, the number of attempts does not change. */
  readonly attempt?: Attempt | undefined;
  readonly state: RecipientState;
  /** The sender has been told that it is late. */
  readonly warned?: boolean;
  /** Recipients of the same message that take its place, or join it. */
  readonly others?: readonly NewRecipient[];
}

/** Changes that happen together, or not at all. */
export interface Batch {
  readonly messages?: readonly NewMessage[];
  readonly settled?: readonly Settlement[];
}

/** The keys that new recipients were given, in their order: of all messages, then of all `others`. */
export type Keys = readonly number[];

/** A recipient whose turn it is. It is `active`, and nobody else is given it, until it is settled. */
export interface Due {
  readonly key: number;
  readonly message: string;
  readonly destination: string;
  readonly sender: string | null;
  readonly priority: number;
}

/** A recipient with all that its delivery needs. */
export interface Loaded {
  readonly message: QueuedMessage;
  readonly recipient: QueuedRecipient;
  readonly body: Message;
}

/** Which recipients are meant. A recipient must match all that is given. */
export interface Filter {
  /** Queue ids of messages, whole: one id may be the beginning of many others. */
  readonly ids?: readonly string[];
  /** A part of the recipient's mailbox, or of what the client called it, in any case. */
  readonly to?: string;
  /** A part of the sender's mailbox, in any case; `<>` is the null path. */
  readonly from?: string;
  /** The recipient's domain, in any case. */
  readonly domain?: string;
  /** Accepted before this time, in milliseconds since the epoch. */
  readonly before?: number;
  /** By default all but those that have ended. */
  readonly states?: readonly StateName[];
  /** A part of the reason of the last outcome or of the hold, in any case. */
  readonly reason?: string;
  /** The kind of refusal that the last attempt met. */
  readonly kind?: RefusalKind;
  /** The name of the target. */
  readonly target?: string;
  /** The user who sent it. */
  readonly user?: string;
}

/** A recipient with its message, for people. */
export interface Listed {
  readonly message: QueuedMessage;
  readonly recipient: QueuedRecipient;
}

/** A piece of a long answer. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Where the next page begins; `undefined` after the last one. */
  readonly next: number | undefined;
}

/** What an operator does to recipients. Those that have ended stay as they are. */
export type Change =
  | { readonly kind: "hold"; readonly reason: string }
  /** Ends the hold: they are due at this time. Only those on hold are meant. */
  | { readonly kind: "release"; readonly due: number }
  /** They are due at this time. Those on hold stay there. */
  | { readonly kind: "retry"; readonly due: number }
  | {
    readonly kind: "reroute";
    readonly target: Target;
    readonly destination: string;
    /** The destinations of recipients by their keys, if they differ: then only these recipients are meant. */
    readonly destinations?: Readonly<Record<number, string>> | undefined;
    readonly due: number;
  }
  /** They fail for this reason as soon as the server can tell their senders, at this time. */
  | { readonly kind: "bounce"; readonly reason: string; readonly due: number }
  /** They end at this time, and nobody is told. */
  | { readonly kind: "drop"; readonly time: number };

/** How much there is in the queue. */
export interface Stats {
  /** Messages with recipients that have not ended. */
  readonly messages: number;
  /** The octets of these messages. */
  readonly octets: number;
  /** Recipients in each state; those that have ended are those of which the store still knows. */
  readonly recipients: Readonly<Record<StateName, number>>;
  /** When the oldest message that has not ended was accepted. */
  readonly oldest: number | undefined;
  /** The destinations with most recipients that wait, the most first. */
  readonly destinations: readonly { readonly destination: string; readonly waiting: number }[];
  /** Why recipients wait that another server has refused, the most first. */
  readonly kinds: readonly { readonly kind: RefusalKind; readonly waiting: number }[];
}

/** The life of a message. */
export interface Trace {
  readonly message: QueuedMessage;
  /** When its last recipient ended; `undefined` before. */
  readonly ended: number | undefined;
  readonly recipients: readonly (QueuedRecipient & { readonly history: readonly Attempt[] })[];
}

/** Which messages are traced: one of these is given. */
export type Traced =
  | { readonly id: string }
  | { readonly messageId: string }
  | { readonly sender: string }
  | { readonly recipient: string };

/** What operators ask and change, with or without a running server. */
export interface QueueDesk {
  /** Recipients that match, by their keys. `after` is where the last page ended, 0 for the first one. */
  find(filter: Filter, after: number, limit: number): Promise<Page<Listed>>;
  /**
   * Changes up to `limit` of the recipients that match, those with keys above `after`. With `dryRun` nothing changes,
   * and the answer is the same.
   */
  change(
    filter: Filter,
    change: Change,
    page: { readonly after: number; readonly limit: number; readonly dryRun: boolean },
  ): Promise<Page<Listed>>;
  stats(): Promise<Stats>;
  /** The first octets of a message; `undefined` if the store does not have it, or not any more. */
  head(id: string, octets: number): Promise<Uint8Array | undefined>;
  /** The messages, the newest first. */
  trace(what: Traced, limit: number): Promise<readonly Trace[]>;
}

/** Keeps the mail of the queue. */
export interface QueueStore extends QueueDesk {
  /**
   * Reads a message to its end and keeps it, until it is committed or disposed of; a crash forgets it. What reading
   * throws leaves nothing behind.
   *
   * @param isReport that mail in the queue ends with: the reserve is there for it, too
   * @throws {StoreFull} if there is less free space than the reserve
   * @throws {StoreFault} if it cannot be kept
   */
  keep(id: string, body: AsyncIterable<Uint8Array>, isReport?: boolean): Promise<KeptMessage>;
  /**
   * Makes changes, and returns when they, and all that they need, would survive a loss of power. Batches that come while
   * one is written share the next write. A settlement of a recipient that has ended meanwhile changes nothing.
   *
   * @throws {StoreFull}
   * @throws {StoreFault}
   * @throws {Error} if the batch makes no sense, such as a second message with the same id; others go on
   */
  commit(batch: Batch): Promise<Keys>;
  /**
   * Makes recipients that are due active and returns them, the longest due first. It need not survive a crash.
   *
   * @param except destinations of which enough are active
   */
  claim(now: number, limit: number, except: readonly string[]): Promise<readonly Due[]>;
  /** Those of these recipients that are still active, in any order. */
  load(keys: readonly number[]): Promise<readonly Loaded[]>;
  /**
   * When the next recipient that waits is due, in milliseconds since the epoch; `undefined` if none waits. A store that
   * others change, too, says no later than when it is to be asked again.
   */
  nextDue(): Promise<number | undefined>;
  /**
   * Recipients that wait and are due later than they can be, are due at the latest time that they can be: the clock has
   * jumped back since.
   *
   * @param tried the latest time for those that were tried
   * @param untried the latest time for those that were not, whose senders may have asked for a later release
   */
  recall(tried: number, untried: number): Promise<void>;
  /** Forgets messages that ended before this time; at most `limit` of them. Returns how many it has forgotten. */
  purge(before: number, limit: number): Promise<number>;
  /** Why nothing can be committed at the moment; `undefined` if all is well. */
  readonly trouble: string | undefined;
  /** Waits for what is being written, and closes the store. */
  close(): Promise<void>;
}
