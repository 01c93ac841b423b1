/**
 * Caps and deadlines. The engine enforces them; no handler can weaken them.
 *
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
  /** Connections at once from one address, or one /64 of IPv6; loopback and Unix sockets are not counted. */
  readonly connectionsPerAddress: number;
  /** Messages in one connection. */
  readonly messagesPerConnection: number;
  /** Recipients of a message (RFC 5321 section 4.5.3.1.8 wants at least 100). */
  readonly recipients: number;
  /** Protocol errors in a session before it is ended. */
  readonly errors: number;
  /** Refused recipients in a session before no more are looked up. */
  readonly refusedRecipients: number;
  /** For which the answer to a refused recipient is held back, from the 11th on. */
  readonly refusalDelay: number;
  /** A command line with its CRLF (section 4.5.3.1.4). Parameters of extensions make it longer. */
  readonly commandLength: number;
  /** A message (RFC 1870). */
  readonly messageSize: number;
  /** What all sessions keep in memory of messages, and of commands that wait. */
  readonly messageMemory: number;
  /** A line of a message with its CRLF (section 4.5.3.1.6 names 1000). */
  readonly textLine: number | undefined;
  /** The header of a message. */
  readonly headerSize: number;
  /** `Received` fields in a message: more are a loop (section 6.3). */
  readonly received: number;
  /** Global variables that have a value. */
  readonly variables: number;
  /** For a whole command line (section 4.5.3.2.7). */
  readonly commandTimeout: number;
  /** Between two pieces of a message (section 4.5.3.2.5). */
  readonly dataTimeout: number;
  /** For a whole message. */
  readonly messageTimeout: number;
  /** Octets a second that a message must come with after its first minute. */
  readonly dataRate: number;
  /** For a client to take our replies. */
  readonly writeTimeout: number;
  /** For a handler to answer an event. */
  readonly handlerTimeout: number;
  /** For a message to be delivered once it has arrived; clients wait 10 minutes (section 4.5.3.2.6). */
  readonly deliverTimeout: number;
  /** For open sessions to finish their transaction when the server stops. */
  readonly shutdownTimeout: number;
}

const SECOND = 1000, MINUTE = 60 * SECOND, KIB = 1024, MIB = 1024 * KIB;

/** The limits of a server that was told none. */
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
