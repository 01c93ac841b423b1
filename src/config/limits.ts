/**
 * The part of the schema that is about limits.
 * @module
 */
import type { z } from "zod";
import { count, duration, kebabCase, options, orUnlimited, size } from "../base/kinds.ts";
import { printDuration, printSize } from "../base/units.ts";
import { DEFAULT_LIMITS, type Limits, type ListenerLimits } from "../server/limits.ts";

interface Kind {
  readonly schema: z.ZodType<number | undefined, string | number>;
  /** A value as it is written in a configuration. */
  readonly print: (value: number) => string | number;
}
interface Row extends Kind {
  readonly description: string;
  /** A value that is not the default. */
  readonly example?: string | number;
}

const number = (least: number): Kind => ({ schema: count(least), print: (value) => value });
const octets = (least: number): Kind => ({ schema: size(least), print: printSize });
const time: Kind = { schema: duration(1000), print: printDuration };

const ROWS: { readonly [K in keyof Limits]: Row } = {
  connections: {
    ...number(1),
    example: 2000,
    description:
      "Connections at once; fewer if the system allows too few open files, of which each needs two.",
  },
  connectionsPerAddress: {
    ...number(1),
    description:
      "Connections at once from one address, or one /64 network of IPv6; loopback and Unix sockets " +
      "do not count.",
  },
  messagesPerConnection: { ...number(1), description: "Messages in one connection." },
  recipients: {
    ...number(1),
    description: "Recipients of a message. RFC 5321 section 4.5.3.1.8 wants at least 100.",
  },
  errors: { ...number(1), description: "Protocol errors in a session before the server ends it." },
  refusedRecipients: {
    ...number(1),
    description:
      "Refused recipients, and mailboxes that VRFY and EXPN do not find, in a session before the " +
      "server looks up no more: it replies 452 to further ones, so that the accepted recipients " +
      "get their mail, and then ends the session.",
  },
  refusalDelay: {
    schema: duration(0),
    print: printDuration,
    description:
      "How long the reply to a refused recipient is delayed, from the 11th in a session on.",
  },
  commandLength: {
    ...octets(512),
    description:
      "The length of a command line with its CRLF (RFC 5321 section 4.5.3.1.4). Parameters of " +
      "extensions may make MAIL and RCPT longer.",
  },
  messageSize: {
    ...octets(1024),
    example: "25 MiB",
    description: "The size of a message. RFC 5321 section 4.5.3.1.7 wants at least 64 KiB.",
  },
  messageMemory: {
    ...octets(0),
    example: "256 MiB",
    description:
      "The memory for messages of all sessions together, besides a piece of each. Messages for " +
      "which there is no room, and those above 256 KiB, go to files in `spool-directory` as they " +
      "come.",
  },
  textLine: {
    schema: orUnlimited(size(1000)),
    print: printSize,
    description:
      "The length of a line of a message with its CRLF. RFC 5321 section 4.5.3.1.6 wants at least " +
      "1000 octets.",
  },
  headerSize: { ...octets(1024), description: "The size of the header of a message." },
  received: {
    ...number(1),
    description: "`Received` fields in a message; more are a loop. RFC 5321 section 6.3 wants at " +
      "least 100.",
  },
  variables: {
    ...number(1),
    description:
      "Global variables with a value; if there are more, some with a ttl or window are forgotten.",
  },
  handshakeTimeout: {
    ...time,
    description: "The time for a TLS handshake, and for the header of a proxy.",
  },
  commandTimeout: { ...time, description: "The time for a command line to arrive." },
  dataTimeout: { ...time, description: "The time between two pieces of a message." },
  messageTimeout: { ...time, description: "The time for a whole message to arrive." },
  dataRate: {
    ...octets(0),
    description: "The octets a second that a message must arrive with, after its first minute.",
  },
  writeTimeout: { ...time, description: "The time for a client to take replies." },
  handlerTimeout: { ...time, description: "The time for a handler to answer an event." },
  deliverTimeout: {
    ...time,
    description:
      "The time for the delivery of a message that has arrived. Clients wait 10 minutes (RFC 5321 " +
      "section 4.5.3.2.6).",
  },
  shutdownTimeout: {
    ...time,
    description: "The time for open sessions to finish their transaction when the server stops.",
  },
};

const NAMES = Object.keys(ROWS) as readonly (keyof Limits)[];

function print(name: keyof Limits, limits: Partial<Limits>): string | number {
  const value = limits[name];
  return value === undefined ? "unlimited" : ROWS[name].print(value);
}

/** Limits in a configuration: names with hyphens, human units. */
export const limitsSchema: z.ZodType<Limits> = options(Object.fromEntries(
  NAMES.map((name) => {
    const { schema, description, example } = ROWS[name];
    const meta = { description, ...(example === undefined ? {} : { examples: [example] }) };
    return [name, schema.prefault(print(name, DEFAULT_LIMITS)).meta(meta)];
  }),
)) as z.ZodType<unknown> as z.ZodType<Limits>; // the rows have all the names there are

/** The limits that connections share, whichever listener they come by. */
const SHARED: ReadonlySet<keyof Limits> = new Set<Exclude<keyof Limits, keyof ListenerLimits>>([
  "connections",
  "connectionsPerAddress",
  "messageMemory",
  "variables",
  "deliverTimeout",
  "shutdownTimeout",
]);

/** The limits of one listener. */
export const listenerLimitsSchema: z.ZodType<ListenerLimits> = options(
  Object.fromEntries(
    NAMES.filter((name) => !SHARED.has(name)).map((name) => {
      const { schema, description } = ROWS[name];
      return [name, schema.optional().describe(description)];
    }),
  ),
).meta({ id: "limits", title: "a mapping such as `message-size: 100 MiB`" }) as z.ZodType<
  unknown
> as z.ZodType<ListenerLimits>; // as above

/** What differs from the default, as a configuration writes it: `recipients: 100`. */
export function changedLimits(limits: Limits): string[] {
  return writtenLimits(limits, NAMES.filter((name) => limits[name] !== DEFAULT_LIMITS[name]));
}

/** The limits of a listener, likewise. */
export const listenerLimits = (limits: ListenerLimits): string[] =>
  writtenLimits(limits, NAMES.filter((name) => name in limits));

const writtenLimits = (limits: Partial<Limits>, names: readonly (keyof Limits)[]): string[] =>
  names.map((name) => `${kebabCase(name)}: ${print(name, limits)}`);
