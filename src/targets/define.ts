/**
 * Targets of one's own.
 * @module
 */
import { messageOf } from "../base/message_of.ts";
import { failureOf } from "../base/tried.ts";
import { messageFields } from "../handler/log_fields.ts";
import { REFUSAL_KINDS } from "../handler/outcome.ts";
import { type Addressee, sealTarget, type Target } from "../handler/reply.ts";
import type { Field } from "../log/event.ts";
import { addDefined, isTaken } from "./defined.ts";
import {
  type Delivery,
  type DeliveryContext,
  type DeliveryTime,
  type Envelope,
  type Message,
  type Outcome,
  type TargetType,
  unsettled,
} from "./target.ts";

/** What a target of one's own learns of a delivery, and what it can use. */
export interface TargetContext {
  /** The sender, the client, and the ids of the message. */
  readonly envelope: Envelope;
  /** Aborted when nobody waits for the delivery any more. */
  readonly signal: AbortSignal;
  /** Writes a line to the server's log, with the ids of the session and of the message. */
  readonly log: (text: string, fields?: Readonly<Record<string, Field>>) => void;
}

/** What a target of one's own does. */
export interface TargetDefinition<Args extends object> {
  /** When its mail is delivered. Without it, as the configuration says. */
  readonly deliver?: DeliveryTime;
  /** Checks arguments when a target is made, and when mail is to go there. Throws if they make no sense. */
  readonly check?: (args: Args) => void;
  /** Says to people what the target would do with mail for a recipient. Without it, the arguments are shown. */
  readonly plan?: (args: Args, addressee: Addressee) => string;
  /**
   * What the queue limits, and leaves alone in trouble, as one: the server that the mail goes to, as `example.net`.
   * Without it, each recipient is a destination.
   */
  readonly destination?: (args: Args, addressee: Addressee) => string;
  /** Opens a delivery. If it throws, or its delivery throws later, all recipients are deferred. */
  readonly open: (args: Args, context: TargetContext) => Delivery | Promise<Delivery>;
}

/** The names of the server's own targets. */
const OURS: ReadonlySet<string> = new Set([
  "discard",
  "lmtp",
  "maildir",
  "mailer",
  "mbox",
  "pipe",
  "relay",
  "route",
]);

/**
 * Defines a target of one's own: a place where mail can be delivered. It returns a function that takes arguments and
 * returns the target. Arguments are JSON, because a message that waits must find its target again after a restart.
 *
 * ```ts
 * import { defineTarget, on } from "postmaster";
 *
 * const count = defineTarget<{ counter: string }>("count", {
 *   open: ({ counter }, { log }) => {
 *     let recipients = 0;
 *     let size = 0;
 *     return {
 *       recipient: () => void recipients++,
 *       body: async (message) => void (size = message.size),
 *       commit: async () => {
 *         log("counted", { counter, size });
 *         return Array.from({ length: recipients }, () => ({ result: "delivered", reason: "counted" }));
 *       },
 *       abort: async () => {},
 *     };
 *   },
 * });
 *
 * export default on("AddRcptTo", ({ mailbox }, next) =>
 *   mailbox.local === "spamtrap" ? count({ counter: "spam" }) : next());
 * ```
 *
 * @param name letters, digits and hyphens; no other target may have it
 * @throws {TypeError} for a name with other characters, and one that is taken
 */
export function defineTarget<Args extends object>(
  name: string,
  definition: TargetDefinition<Args>,
): (args: Args) => Target {
  if (!/^[a-z][a-z0-9-]*$/.test(name)) {
    throw new TypeError(
      `${JSON.stringify(name)} is no name of a target: write one such as my-store`,
    );
  }
  if (OURS.has(name) || isTaken(name)) {
    throw new TypeError(`there is a target ${JSON.stringify(name)} already: choose another name`);
  }
  const type = typeOf(name, definition);
  addDefined(name, type);
  return (args) => {
    const target = sealTarget({ target: name, args: args as Target["args"] });
    const fault = type.faultIn(target.args);
    if (fault !== undefined) throw new TypeError(`${name}: ${fault}`);
    return target;
  };
}

function typeOf<Args extends object>(
  name: string,
  { check, plan, destination, open, deliver }: TargetDefinition<Args>,
): TargetType {
  return {
    readsBody: true,
    deliver,
    faultIn: (args) => failureOf(() => check?.(args as Args)),
    ...(plan === undefined ? {} : {
      plan: (args: Target["args"], addressee: Addressee) =>
        planned(() => plan(args as Args, addressee)),
    }),
    ...(destination === undefined ? {} : {
      destination: (args: Target["args"], addressee: Addressee) =>
        planned(() => destination(args as Args, addressee)),
    }),
    open: async (args, context) =>
      guarded(await open(args as Args, contextFor(name, context)), name),
  };
}

/** The words of a plan, or of a destination: an error in them spoils no delivery. */
function planned(words: () => string): string {
  try {
    return String(words());
  } catch (error) {
    return messageOf(error);
  }
}

function contextFor(target: string, { envelope, signal, log }: DeliveryContext): TargetContext {
  return {
    envelope,
    signal,
    log: (text, fields = {}) =>
      log("target", { ...fields, ...messageFields(envelope), target, text }),
  };
}

/** A delivery whose outcomes are checked, and which cannot change what other targets read. */
const guarded = (delivery: Delivery, name: string): Delivery => ({
  recipient: async (addressee) => {
    const outcome = await delivery.recipient(addressee);
    return outcome === undefined ? undefined : sound(outcome, name);
  },
  body: (message) => delivery.body(copyOf(message)),
  commit: async () => {
    const outcomes: unknown = await delivery.commit();
    if (!Array.isArray(outcomes)) {
      throw new TypeError(`the target ${name} gave no list of outcomes`);
    }
    return outcomes.map((outcome) => sound(outcome, name));
  },
  abort: () => delivery.abort(),
});

const copyOf = (message: Message): Message => ({
  size: message.size,
  async *read() {
    for await (const chunk of message.read()) yield chunk.slice();
  },
});

const CLASS: Readonly<Record<string, string>> = { deferred: "4", failed: "5" };
/** RFC 3463 section 2. */
const STATUS = /^[45]\.\d{1,3}\.\d{1,3}$/;
/** What fits in a line of a reply. */
const REASON = /^[ -~]{1,400}$/;
const SCOPES: ReadonlySet<unknown> = new Set([undefined, "destination", "server"]);
const KINDS: ReadonlySet<unknown> = new Set([undefined, ...REFUSAL_KINDS]);

const isRemote = (value: unknown): boolean =>
  typeof Object(value).name === "string" && typeof Object(value).reply === "string";

function sound(value: unknown, name: string): Outcome {
  const { result, reason, status, cause, scope, remote, kind } = Object(value);
  const isSound = typeof reason === "string" && REASON.test(reason) &&
    (cause === undefined || typeof cause === "string") && SCOPES.has(scope) && KINDS.has(kind) &&
    (remote === undefined || isRemote(remote));
  if (isSound && result === "delivered") return { result, reason };
  if (
    isSound && typeof status === "string" && STATUS.test(status) && CLASS[result] === status[0]
  ) {
    return {
      ...{ result, status, reason },
      ...(cause === undefined ? {} : { cause }),
      ...(scope === undefined ? {} : { scope }),
      ...(kind === undefined ? {} : { kind }),
      ...(remote === undefined ? {} : { remote: { name: remote.name, reply: remote.reply } }),
    } as Outcome;
  }
  return unsettled(`the target ${name} gave what is no outcome: ${JSON.stringify(value)}`);
}
