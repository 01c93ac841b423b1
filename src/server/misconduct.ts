/**
 * What a client does wrong in a session, counted: protocol errors, and recipients that were refused.
 *
 * @module
 */
import type { Event, LimitName } from "../handler/event.ts";
import { isPositive, type Reply } from "../handler/reply.ts";
import type { Limits } from "./limits.ts";
import type { Clock } from "./wire.ts";

/** Refused recipients in a session that are answered at once. */
const PROMPT = 10;
/** Milliseconds that the reply to each further one waits, or until the deadlines are next looked at. */
const DELAY = 1000;

/** What a client that keeps to the protocol cannot avoid, or cannot know before it asks. */
const NO_ERROR_EVENTS: ReadonlySet<Event["type"]> = new Set<Event["type"]>(["NotImplemented"]);
const NO_ERROR_LIMITS: ReadonlySet<LimitName> = new Set<LimitName>(["recipients", "message-size"]);

/** The misconduct of one session. */
export class Misconduct {
  readonly #limits: Limits;
  readonly #clock: Clock;
  #errors = 0;
  #refused = 0;
  /** When the reply to a refused recipient may go, if one waits. */
  #until: number | undefined;
  /** The command of this transaction that was refused last: those pipelined behind it come out of order. */
  #pipelinedBehind: "MAIL" | "RCPT" | undefined;

  constructor(limits: Limits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  /** The reply to a refused recipient waits, and with it the next line. */
  get waiting(): boolean {
    return this.#until !== undefined;
  }

  /** Says whether the reply that waited may go now. */
  release(): boolean {
    if (this.#until === undefined || this.#until > this.#clock.now) return false;
    this.#until = undefined;
    return true;
  }

  /** The limit that one more such event would exceed. */
  exceeded(event: Event): LimitName | undefined {
    if (this.#isRecipient(event)) {
      return this.#refused >= this.#limits.refusedRecipients ? "refused-recipients" : undefined;
    }
    return this.#isError(event) && this.#errors >= this.#limits.errors ? "errors" : undefined;
  }

  /** Counts what was answered. */
  answered(event: Event, reply: Reply): void {
    const good = isPositive(reply);
    if (!good && this.#isError(event)) this.#errors++;
    if (reply.code >= 500 && this.#isRecipient(event)) {
      this.#refused++;
      if (this.#refused > PROMPT) this.#until = this.#clock.now + DELAY;
    }
    const verb = commandOf(event);
    if (verb === "MAIL") this.#pipelinedBehind = good ? undefined : "MAIL";
    else if (verb === "RCPT" && !good) this.#pipelinedBehind ??= "RCPT";
    else if (verb === "DATA") this.#pipelinedBehind = undefined; // the last of a pipelined group
  }

  /** A recipient, or one that came behind a sender that was refused. */
  #isRecipient(event: Event): boolean {
    return event.type === "AddRcptTo" ||
      (event.type === "NeedMailFromFirst" && event.command === "RCPT" && !this.#isError(event));
  }

  #isError(event: Event): boolean {
    switch (event.type) {
      case "AddRcptTo":
      case "SetMailFrom":
        return false;
      case "LimitExceeded":
        return !NO_ERROR_LIMITS.has(event.limit);
      case "NeedMailFromFirst":
        return this.#pipelinedBehind !== "MAIL";
      case "NeedRcptToFirst":
        return this.#pipelinedBehind !== "RCPT";
      default:
        return !NO_ERROR_EVENTS.has(event.type);
    }
  }
}

/** The command of a transaction that an event is about. */
function commandOf(event: Event): string | undefined {
  if (event.type === "SetMailFrom") return "MAIL";
  if (event.type === "AddRcptTo") return "RCPT";
  if (event.type === "LimitExceeded") return event.limit === "message-size" ? "MAIL" : undefined;
  return "command" in event ? event.command : undefined;
}
