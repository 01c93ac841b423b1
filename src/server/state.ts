/**
 * Where a session stands (RFC 5321 section 4.1.4).
 * @module
 */
import type { Helo } from "../handler/session.ts";
import type { Incoming } from "./incoming.ts";
import type { Challenge, LegalCommand } from "./rule.ts";
import type { OpenTransaction } from "./open_transaction.ts";

/** The state of a session. Each one carries what exists in it. */
export type State =
  /** Connected; HELO or EHLO must come. */
  | { readonly at: "connected" }
  /** Between transactions. */
  | { readonly at: "greeted"; readonly helo: Helo }
  /** The server has challenged the client, whose next line is the answer and no command. */
  | {
    readonly at: "challenged";
    /** The state in which the command came. */
    readonly before: State;
    readonly command: LegalCommand;
    readonly challenge: Challenge;
  }
  /** MAIL was accepted, no recipient yet. */
  | { readonly at: "mail"; readonly helo: Helo; readonly transaction: OpenTransaction }
  /** At least one recipient was accepted. */
  | { readonly at: "rcpt"; readonly helo: Helo; readonly transaction: OpenTransaction }
  /** DATA or BDAT was accepted: the message is coming, or being delivered. */
  | {
    readonly at: "data";
    readonly helo: Helo;
    readonly transaction: OpenTransaction;
    readonly incoming: Incoming;
  }
  /** One chunk of a message has come (RFC 3030): the next one must, or what ends the transaction. */
  | {
    readonly at: "chunks";
    readonly helo: Helo;
    readonly transaction: OpenTransaction;
    readonly incoming: Incoming;
  }
  /** The connection is being encrypted. What comes of that is `connected`, or the end. */
  | { readonly at: "securing" }
  /** Nothing is read or sent any more. */
  | { readonly at: "closed" };

/** The state once a transaction or a challenge has ended, however it did. */
export function settled(state: State): State {
  if (state.at === "challenged") return state.before;
  return "helo" in state ? { at: "greeted", helo: state.helo } : state;
}
