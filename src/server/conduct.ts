/**
 * What a client does wrong in a session: errors in the protocol, and recipients that it guesses.
 * @module
 */
import type { Event, EventName } from "../handler/event.ts";
import { isPositive, type Reply } from "../handler/reply.ts";
import type { Limits } from "./limits.ts";
import type { KnownCommand } from "./rule.ts";
import type { State } from "./state.ts";

/** Refused recipients in a session that are answered at once. */
const PROMPT = 10;
/** Refusals that are no errors, before the next message. Enough for some thousand recipients that come at once. */
const FRUITLESS = 10_000;

/** What a client can avoid that keeps to the protocol. A limit that it cannot know of, or a missing extension, is not. */
const ERRORS: ReadonlySet<EventName> = new Set([
  "Unrecognized",
  "SyntaxErrorIn",
  "NeedHeloFirst",
  "NeedMailFromFirst",
  "NeedRcptToFirst",
  "NestedMail",
  "WithinChunks",
  "NeedAuthFirst",
  "AlreadyAuthenticated",
]);
/** The codes of parameters, and of their values, that belong to an extension that is not offered. */
const UNOFFERED: ReadonlySet<number> = new Set([504, 555]);
/** They begin anew, or end, what was pipelined behind a refusal. */
const FRESH: ReadonlySet<EventName> = new Set(["SayHelo", "SayEhlo", "ResetState"]);

/** Others may come behind them before the client knows of a refusal (RFC 2920 section 3.1, RFC 3030 section 4.2). */
const PIPELINED: ReadonlySet<string | undefined> = new Set(["MAIL", "RCPT", "BDAT"]);

/** Commands of a client that guesses mailboxes, until it has guessed wrong too often. */
const GUESSES: ReadonlySet<string> = new Set(["MAIL", "RCPT", "VRFY", "EXPN"]);

/** What ends the session. */
export const TOO_MANY_ERRORS: Event = { type: "LimitExceeded", limit: "errors" };

/** How a client behaves, and whether that is enough. */
export class Conduct {
  readonly #limits: Limits;
  #errors = 0;
  #refused = 0;
  /** Refusals that were no errors, since the last DATA. */
  #fruitless = 0;
  /** How many commands may come out of order because the client has sent them before it knew of a refusal. */
  #excuses = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** The event for a command of a client that was refused too much: only recipients that were accepted get mail. */
  faultIn({ verb }: KnownCommand, { at }: State): Event | undefined {
    if (verb === "QUIT" || isOfMessage(verb)) return undefined;
    if (this.#fruitless >= FRUITLESS) return TOO_MANY_ERRORS;
    if (!GUESSES.has(verb)) return undefined;
    if (this.#refused < this.#limits.refusedRecipients) return undefined;
    return at === "rcpt" ? { type: "LimitExceeded", limit: "refused-recipients" } : TOO_MANY_ERRORS;
  }

  /** This event would be one error too many, or one refusal. */
  isTooMuch(event: Event): boolean {
    return this.#isError(event)
      ? this.#errors >= this.#limits.errors
      : this.#fruitless >= FRUITLESS;
  }

  /** Takes note of the answer to an event, and to the command behind it. Gives the milliseconds for which it is held back. */
  answered(event: Event, reply: Reply, behind?: KnownCommand): number {
    const isRefusal = !isPositive(reply);
    const command = verbOf(event, behind);
    const brings = isOfMessage(command);
    if (!isRefusal) this.#fruitless = brings ? 0 : this.#fruitless;
    else if (this.#isError(event)) this.#errors++;
    else this.#fruitless++;
    if (isOutOfOrder(event) && command !== "DATA") this.#excuses = Math.max(0, this.#excuses - 1);
    else if (isRefusal && PIPELINED.has(command)) this.#excuses = this.#limits.recipients + 1;
    else if (FRESH.has(event.type) || brings || command === "MAIL") this.#excuses = 0;
    if (!isWrongGuess(event, reply)) return 0;
    return ++this.#refused > PROMPT ? this.#limits.refusalDelay : 0;
  }

  #isError(event: Event): boolean {
    if (event.type === "LimitExceeded") return event.limit === "command-length";
    if (event.type === "SyntaxErrorIn" && UNOFFERED.has(event.fault.code)) return false;
    return ERRORS.has(event.type) && !(isOutOfOrder(event) && this.#excuses > 0);
  }
}

/** The command brings a message, or a part of it. */
const isOfMessage = (verb: string | undefined): boolean => verb === "DATA" || verb === "BDAT";

/** There is no such mailbox, or no mail for it. VRFY and EXPN may also be refused because they are not offered. */
const isWrongGuess = ({ type }: Event, { code }: Reply): boolean =>
  type === "AddRcptTo" ? code >= 500 : (type === "Verify" || type === "Expand") && code >= 550;

const isOutOfOrder = ({ type }: Event): boolean =>
  type === "NeedMailFromFirst" || type === "NeedRcptToFirst";

/** The verb of the command that an event is about. A line that cannot be read may have been MAIL. */
function verbOf(event: Event, command: KnownCommand | undefined): string | undefined {
  if (event.type === "NestedMail" || event.type === "WithinChunks") return undefined; // the transaction stays
  if (command !== undefined) return command.verb;
  if (event.type === "SyntaxErrorIn") return event.command || "MAIL";
  return event.type === "LimitExceeded" ? "MAIL" : undefined; // the line is too long
}
