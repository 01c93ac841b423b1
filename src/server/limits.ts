/**
 * Caps and deadlines. The engine enforces them; no handler can weaken them.
 * @module
 */
import type { LimitName } from "../handler/event.ts";
import { CAPACITY } from "../handler/memory_store.ts";
import { say } from "../handler/reply.ts";
import type { Reply } from "../handler/reply.ts";

/** Sizes are in octets, times in milliseconds. `undefined` means no limit. */
export interface Limits {
  /** Connections at once. */
  readonly connections: number;
  /** Connections at once from one address, or one /64 network of IPv6; loopback and Unix sockets do not count. */
  readonly connectionsPerAddress: number;
  /** Messages in one connection. */
  readonly messagesPerConnection: number;
  /** Recipients of a message (RFC 5321 section 4.5.3.1.8 wants at least 100). */
  readonly recipients: number;
  /** Protocol errors in a session before the server ends it. */
  readonly errors: number;
  /** Refused recipients in a session before the server looks up no more. */
  readonly refusedRecipients: number;
  /** The delay of the reply to a refused recipient, from the 11th in a session on. */
  readonly refusalDelay: number;
  /** The length of a command line with its CRLF (section 4.5.3.1.4). Parameters of extensions add to it. */
  readonly commandLength: number;
  /** The size of a message (RFC 1870). */
  readonly messageSize: number;
  /** The memory of all sessions for messages, and for commands that wait. */
  readonly messageMemory: number;
  /** The length of a line of a message with its CRLF (section 4.5.3.1.6 names 1000). */
  readonly textLine: number | undefined;
  /** The size of the header of a message. */
  readonly headerSize: number;
  /** `Received` fields in a message: more are a loop (section 6.3). */
  readonly received: number;
  /** Global variables with a value. */
  readonly variables: number;
  /** The time for a TLS handshake, and for the header of a proxy. */
  readonly handshakeTimeout: number;
  /** The time for a command line to arrive (section 4.5.3.2.7). */
  readonly commandTimeout: number;
  /** The time between two pieces of a message (section 4.5.3.2.5). */
  readonly dataTimeout: number;
  /** The time for a whole message to arrive. */
  readonly messageTimeout: number;
  /** The octets a second that a message must arrive with, after its first minute. */
  readonly dataRate: number;
  /** The time for a client to take replies. */
  readonly writeTimeout: number;
  /** The time for a handler to answer an event. */
  readonly handlerTimeout: number;
  /** The time for the delivery of a message that has arrived; clients wait 10 minutes (section 4.5.3.2.6). */
  readonly deliverTimeout: number;
  /** The time for open sessions to finish their transaction when the server stops. */
  readonly shutdownTimeout: number;
}

/** The limits that each listener may have of its own: all but those that connections share. */
export type ListenerLimits = Partial<
  Omit<
    Limits,
    | "connections"
    | "connectionsPerAddress"
    | "messageMemory"
    | "variables"
    | "deliverTimeout"
    | "shutdownTimeout"
  >
>;

const SECOND = 1000, MINUTE = 60 * SECOND, KIB = 1024, MIB = 1024 * KIB;

/** The default limits. */
export const DEFAULT_LIMITS: Limits = {
  connections: 20_000,
  connectionsPerAddress: 100,
  messagesPerConnection: 10_000,
  recipients: 1000,
  errors: 20,
  refusedRecipients: 100,
  refusalDelay: SECOND,
  commandLength: 512,
  messageSize: 50 * MIB,
  messageMemory: 64 * MIB,
  textLine: undefined,
  headerSize: MIB,
  received: 100,
  variables: CAPACITY,
  handshakeTimeout: 30 * SECOND,
  commandTimeout: 5 * MINUTE,
  dataTimeout: 3 * MINUTE,
  messageTimeout: 60 * MINUTE,
  dataRate: 100,
  writeTimeout: 5 * MINUTE,
  handlerTimeout: MINUTE,
  deliverTimeout: 5 * MINUTE,
  shutdownTimeout: 30 * SECOND,
};

/** The standard reply for each limit. Those with 421 end the session. */
export const LIMIT_REPLIES: { readonly [L in LimitName]: Reply } = {
  "connections": say(4, 2, 1, "too many connections, try again later", "4.3.2"),
  "connections-per-address": say(4, 2, 1, "too many connections from your address", "4.7.0"),
  "messages-per-connection": say(4, 2, 1, "too many messages in this connection", "4.7.0"),
  "recipients": say(4, 5, 2, "too many recipients", "4.5.3"),
  "errors": say(4, 2, 1, "too many errors", "4.7.0"),
  "refused-recipients": say(4, 5, 2, "too many refused recipients", "4.7.0"),
  "command-length": say(5, 0, 0, "line too long", "5.5.2"),
  "message-size": say(5, 5, 2, "message too big", "5.3.4"),
  "text-line": say(5, 5, 4, "a line of the message is too long", "5.6.0"),
  "header-size": say(5, 5, 2, "message header too big", "5.3.4"),
  "received": say(5, 5, 4, "too many Received fields: this message goes in circles", "5.4.6"),
  "command-timeout": say(4, 2, 1, "timeout waiting for a command", "4.4.2"),
  "data-timeout": say(4, 2, 1, "timeout waiting for the message", "4.4.2"),
  "data-rate": say(4, 2, 1, "the message comes too slowly", "4.4.2"),
  "message-timeout": say(4, 2, 1, "the message took too long", "4.4.2"),
};
