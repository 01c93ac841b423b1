/**
 * Conversations with a server, without sockets and clocks: a generator says what is to be done next, and is given the
 * replies. Faults of the connection are thrown into it.
 * @module
 */
import type { Message } from "../message/message.ts";
import type { WireReply } from "../smtp/reply.ts";
import type { Timeouts } from "./timeouts.ts";

/** What is to be done next. */
export type Step =
  /** Commands, with their CRLF. They are sent with the next step, so that those which belong together go together. */
  | { readonly do: "write"; readonly text: string }
  /** The next reply is wanted. */
  | { readonly do: "read"; readonly wait: keyof Timeouts }
  /** Something takes time that has nothing to do with the connection. */
  | { readonly do: "wait"; readonly for: () => Promise<void> }
  /** A handshake of TLS. */
  | { readonly do: "secure" }
  /** The message, with dots stuffed and the final dot. */
  | { readonly do: "dots"; readonly message: Message }
  /** The message in chunks (RFC 3030), with the reply to each but the last. */
  | { readonly do: "chunks"; readonly message: Message };

/** A conversation that ends with a `T`. */
export type Talk<T> = Generator<Step, T, WireReply | undefined>;

/** Sends a command. */
export function* say(command: string): Talk<void> {
  yield { do: "write", text: command + "\r\n" };
}

/** Waits for a reply. */
export function* hear(wait: keyof Timeouts): Talk<WireReply> {
  return (yield { do: "read", wait })!;
}

/** A command and its reply. */
export function* ask(command: string, wait: keyof Timeouts = "command"): Talk<WireReply> {
  yield* say(command);
  return yield* hear(wait);
}

export const isPositive = ({ code }: WireReply): boolean => code < 400;
