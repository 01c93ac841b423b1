/**
 * What a line of the client comes to.
 * @module
 */
import type { Event } from "../handler/event.ts";
import type { MaybePromise } from "../handler/handler.ts";
import type { Reply } from "../handler/reply.ts";
import type { SessionState } from "../handler/session.ts";
import type { Chunk } from "../smtp/chunk.ts";
import type { Fault } from "../smtp/fault.ts";
import type { Mailbox } from "../smtp/mailbox.ts";
import type { State } from "./state.ts";

/** What the server says to a command that is more than one line (RFC 4954 section 4): the next line is the answer. */
export interface Challenge {
  /** The text of the server's 334. */
  readonly text: string;
  /** Octets that the client's answer may have with its CRLF. */
  readonly octets: number;
  /** What comes of the client's answer, of which the log says nothing. */
  readonly answer: (line: Uint8Array) => MaybePromise<Said>;
}

/** What follows BDAT is a part of the message. */
export interface ChunkComes {
  readonly chunk: Chunk;
}

/**
 * What a line comes to: an event to ask about, a challenge to answer, a chunk of the message to take, a fault, or a reply
 * that was waiting for it.
 */
export type Said = Event | Challenge | ChunkComes | Fault | Answer;

/** The answer to an event. */
export interface Answer {
  readonly answered: Event;
  readonly reply: Reply;
}

/** What the engine makes of a command. */
export interface Rule<Command> {
  /** How it is written, and what it does: the answer to HELP. */
  readonly help: string;
  /** The states in which it is legal; all, without it. */
  readonly legalAt?: readonly State["at"][];
  /** What is asked, or what is wrong with it. */
  readonly event: (command: Command, session: SessionState) => MaybePromise<Said>;
  /** Octets that follow the line and are no command, whatever becomes of it; `Infinity` if nobody can know how many. */
  readonly payload?: (command: Command) => number;
  /** The state after a positive reply; without it, the same. */
  readonly after?: (command: Command, state: State, reply: Reply, newId: () => string) => State;
}

/** A command as the log and the count of errors know it. */
export interface KnownCommand {
  readonly verb: string;
  readonly mailbox?: Mailbox | null;
}

/** A legal command. */
export interface LegalCommand {
  readonly command: KnownCommand;
  readonly said: MaybePromise<Said>;
  /** Octets that follow it and are no command; `Infinity` if nobody can know how many. */
  readonly payload: () => number;
  /** The state after a positive reply. */
  readonly after: (state: State, reply: Reply) => State;
}

/** A line that is not asked about as it is. */
export interface Wrong {
  readonly wrong: Event;
  /** The command that it is. */
  readonly refused?: KnownCommand;
  /** As in a {@linkcode LegalCommand}; by default none. */
  readonly payload?: number;
}
