/**
 * Filters of other programs, which speak the protocol of Sendmail's milters.
 * @module
 */
import type { HandlerFactory } from "postmaster";
import { defineHandler, kinds, z } from "postmaster/making";
import { filterAddress, printAddress } from "./filters/address.ts";
import { type OnFailure, onFailure } from "./filters/failure.ts";
import { milterBy } from "./milter/by.ts";

/** The deadlines of a milter. */
export interface MilterTimeoutOptions {
  /** For taking the connection and saying what it wants. */
  readonly connect?: string;
  /** For taking what is sent to it. */
  readonly send?: string;
  /** For an answer. */
  readonly reply?: string;
  /** For the answer to the end of a message; each sign of work begins it anew. */
  readonly endOfMessage?: string;
}

/** The options of {@linkcode milter}. */
export interface MilterOptions {
  /** Where the milter listens. */
  readonly address: string;
  /** Its name in the log; by default the address. */
  readonly name?: string;
  /**
   * What becomes of mail while the filter does not work: it is deferred, or accepted with a field `X-Filter-Failed`.
   */
  readonly onFailure?: OnFailure;
  /** Deadlines. */
  readonly timeouts?: MilterTimeoutOptions;
  /** Macros that it is sent, instead of those that the server knows: names without braces, and their values. */
  readonly macros?: Readonly<Record<string, string>>;
}

const timeouts = kinds.options({
  connect: kinds.duration(1).default(20_000)
    .describe("For taking the connection and saying what it wants."),
  send: kinds.duration(1).default(30_000).describe("For taking what is sent to it."),
  reply: kinds.duration(1).default(30_000).describe("For an answer."),
  endOfMessage: kinds.duration(1).default(240_000)
    .describe("For the answer to the end of a message; each sign of work begins it anew."),
});

const options = kinds.options({
  address: filterAddress.describe("Where the milter listens.")
    .meta({ examples: ["unix:/run/opendkim/opendkim.sock", "127.0.0.1:8891"] }),
  name: z.string({ error: "a name" }).regex(/^[ -~]+$/, { error: "a name in ASCII" }).optional()
    .describe("Its name in the log; by default the address."),
  onFailure,
  timeouts: timeouts.prefault({}).describe("Deadlines."),
  macros: z.record(
    z.string().regex(/^[\w.]+$/, { error: "the name of a macro, without braces" }),
    z.string({ error: "a text: put it in quotes" }),
    { error: "a mapping from names of macros to texts, such as { daemon_name: MSA }" },
  ).default({}).describe(
    "Macros that it is sent, instead of those that the server knows: names without braces, and their values.",
  ),
});

/**
 * Has mail examined, changed or signed by a milter, such as OpenDKIM, OpenDMARC or clamav-milter. The milter is told of
 * the client, of HELO, MAIL and each recipient that the handlers further in accept, and of the message, as by Sendmail
 * and Postfix, in version 6 of the protocol with all of its actions.
 *
 * Several milters are several handlers, the outermost first. What one changes, the next one sees.
 *
 * @example
 * ```ts
 * import { milter } from "postmaster/handlers";
 *
 * export default milter({ address: "unix:/run/opendkim/opendkim.sock", onFailure: "accept" });
 * ```
 */
export const milter: HandlerFactory<MilterOptions> = defineHandler({
  name: "milter",
  summary: "Has mail examined and changed by a milter, such as OpenDKIM.",
  options,
  create: ({ address, name = printAddress(address), ...how }) =>
    milterBy({ address, name, ...how }),
  connections: 1,
  waits: ({ timeouts: { connect, reply } }) => connect + reply,
  example: "milter: { address: unix:/run/opendkim/opendkim.sock, on-failure: accept }",
});
