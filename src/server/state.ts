/**
 * Where a session stands, which commands are legal there, and where an accepted one leads
 * (RFC 5321 section 4.1.4).
 *
 * @module
 */
import type { Event } from "../handler/event.ts";
import type { Reply } from "../handler/reply.ts";
import type { Helo } from "../handler/session.ts";
import type { Command, NotACommand } from "../smtp/command.ts";
import { faultInParameters, type Situation } from "./extensions.ts";
import type { Incoming } from "./incoming.ts";
import type { Limits } from "./limits.ts";
import { OpenTransaction } from "./open_transaction.ts";

/** The state of a session. Each one carries what exists in it. */
export type State =
  /** Connected; HELO or EHLO must come. */
  | { readonly at: "connected" }
  /** Between transactions. */
  | { readonly at: "greeted"; readonly helo: Helo }
  /** MAIL was accepted, no recipient yet. */
  | { readonly at: "mail"; readonly helo: Helo; readonly transaction: OpenTransaction }
  /** At least one recipient was accepted. */
  | { readonly at: "rcpt"; readonly helo: Helo; readonly transaction: OpenTransaction }
  /** DATA was accepted: the message is coming, or being delivered. */
  | {
    readonly at: "data";
    readonly helo: Helo;
    readonly transaction: OpenTransaction;
    readonly incoming: Incoming;
  }
  /** Nothing is read or sent any more. */
  | { readonly at: "closed" };

/** The event that stands for a command. */
export function eventOf(command: Command): Event {
  switch (command.verb) {
    case "HELO":
      return { type: "SayHelo", name: command.name };
    case "EHLO":
      return { type: "SayEhlo", name: command.name };
    case "MAIL":
      return {
        type: "SetMailFrom",
        mailbox: command.mailbox,
        parameters: command.parameters,
      };
    case "RCPT":
      return { type: "AddRcptTo", mailbox: command.mailbox, parameters: command.parameters };
    case "DATA":
      return { type: "StartData" };
    case "RSET":
      return { type: "ResetState" };
    case "NOOP":
      return { type: "SayOK", argument: command.argument };
    case "HELP":
      return { type: "SeeksHelp", topic: command.argument };
    case "VRFY":
      return { type: "Verify", argument: command.argument };
    case "EXPN":
      return { type: "Expand", argument: command.argument };
    case "QUIT":
      return { type: "Shutdown" };
  }
}

/** The event that stands for a line that is no command. */
export function eventOfFaulty(line: NotACommand): Event {
  if ("unrecognized" in line) return { type: "Unrecognized", line: line.unrecognized };
  if ("notImplemented" in line) return { type: "NotImplemented", command: line.notImplemented };
  return { type: "SyntaxErrorIn", command: line.syntaxErrorIn, fault: line.fault };
}

/** The event for a command that is not legal now; `undefined` for one that is. */
export function illegal(
  state: State,
  command: Command,
  session: Situation,
  limits: Limits,
  messages: number,
): Event | undefined {
  const { verb } = command;
  if (verb !== "MAIL" && verb !== "RCPT" && verb !== "DATA") return undefined;
  if (state.at === "connected") return { type: "NeedHeloFirst", command: verb };
  const open = state.at === "mail" || state.at === "rcpt" ? state.transaction : undefined;
  if (verb === "MAIL") {
    if (open !== undefined) return { type: "NestedMail", command: verb };
    if (messages >= limits.messagesPerConnection) {
      return { type: "LimitExceeded", limit: "messages-per-connection" };
    }
    return faultInParameters(command, session, limits);
  }
  if (open === undefined) return { type: "NeedMailFromFirst", command: verb };
  if (verb === "RCPT") {
    return open.size >= limits.recipients
      ? { type: "LimitExceeded", limit: "recipients" }
      : faultInParameters(command, session, limits);
  }
  return state.at === "rcpt" ? undefined : { type: "NeedRcptToFirst", command: verb };
}

/** The state after a legal command got a positive reply. */
export function after(state: State, command: Command, reply: Reply, newId: () => string): State {
  switch (command.verb) {
    case "HELO":
    case "EHLO":
      return {
        at: "greeted",
        helo: Object.freeze({ name: command.name, extended: command.verb === "EHLO" }),
      };
    case "MAIL": {
      const { parameters } = command;
      const mailFrom = reply.sender === undefined ? command.mailbox : reply.sender;
      const transaction = new OpenTransaction(newId(), mailFrom, parameters);
      return "helo" in state ? { at: "mail", helo: state.helo, transaction } : state;
    }
    case "RCPT":
      return withRecipient(state, command, reply);
    case "RSET":
      return withoutTransaction(state);
    default:
      return state;
  }
}

function withRecipient(state: State, command: Command & { verb: "RCPT" }, reply: Reply): State {
  if (state.at !== "mail" && state.at !== "rcpt") return state;
  const { helo, transaction } = state;
  transaction.add(command.mailbox, command.parameters, reply.routes ?? []);
  return { at: "rcpt", helo, transaction };
}

/** The state once a transaction has ended, however it did. */
export function withoutTransaction(state: State): State {
  return "helo" in state ? { at: "greeted", helo: state.helo } : state;
}
