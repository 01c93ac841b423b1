/**
 * Completion of messages by those who wrote them.
 * @module
 */
import {
  canonicalName,
  dateTime,
  type HandlerFactory,
  type Header,
  headerField,
  on,
  prepend,
  readHeader,
  type Session,
} from "postmaster";
import { defineHandler, kinds, z } from "postmaster/making";
import { domain } from "./domain.ts";
import { withDomains } from "./address_words.ts";
import { LIMIT, TOO_BIG } from "./held_header.ts";

/** What can be added; `addresses` get the domain that they lack. */
export type Completion = "date" | "message-id" | "from" | "addresses";

const ALL = ["date", "message-id", "from", "addresses"] as const;

/** The parts of {@linkcode complete}, as an option. */
export const completions: z.ZodType<readonly Completion[], readonly Completion[]> = kinds.list(
  z.enum(ALL),
  "a list of `date`, `message-id`, `from` and `addresses`",
);

/** All that can be added. */
export const ALL_COMPLETIONS: readonly Completion[] = ALL;

/** The options of {@linkcode complete}. */
export interface CompleteOptions {
  /** The domain of addresses without one. */
  readonly domain: string;
  /** What is added. */
  readonly add?: readonly Completion[];
}

/** The fields with addresses (RFC 5322 section 3.6). */
const WITH_ADDRESSES = ["From", "Sender", "Reply-To", "To", "Cc", "Bcc"]
  .flatMap((name) => [name, `Resent-${name}`]);

/**
 * Adds what is missing to each message, as RFC 6409 section 8 has it: the fields `Date`, `Message-ID` and, with the
 * sender of the envelope, `From`; and a domain for addresses without one in the fields with addresses.
 *
 * The server does so for its users at listeners for submission. This handler is for others who write mail, such as
 * programs in a network. Do not change mail of strangers: their signatures (DKIM) would no longer fit.
 *
 * @example
 * ```ts
 * import { complete, when } from "postmaster/handlers";
 *
 * export default when({
 *   if: { network: "192.0.2.0/24" },
 *   then: complete({ domain: "example.net" }),
 * });
 * ```
 */
export const complete: HandlerFactory<CompleteOptions> = defineHandler({
  name: "complete",
  summary: "Adds Date, Message-ID, From and domains to messages without them.",
  options: kinds.options({
    domain: domain.describe("The domain of addresses without one.")
      .meta({ examples: ["example.net"] }),
    add: completions.default(ALL_COMPLETIONS).describe("What is added."),
  }),
  create: ({ domain: said, add }) => {
    const domain = canonicalName(said); // in A-labels, for messages without SMTPUTF8
    const adds = new Set(add);
    return on("Deliver", async (event, next, session) => {
      const { header, body, withHeader } = await readHeader(event.body, { limit: LIMIT });
      if (!header.complete) return TOO_BIG;
      const missing = missingFields(header, adds, session);
      const octets = adds.has("addresses")
        ? header.withValues(WITH_ADDRESSES, (raw) => withDomains(raw, domain))
        : undefined;
      const isLonger = octets !== undefined && octets.length > header.size;
      const whole = prepend(isLonger ? withHeader(octets) : body, missing);
      return await next({ ...event, body: whole });
    });
  },
  example: "when: { if: { network: 192.0.2.0/24 }, then: { complete: { domain: example.net } } }",
});

/** The fields that a message does not have, with their CRLF. */
function missingFields(header: Header, adds: ReadonlySet<Completion>, session: Session): string {
  const { hostname, mailFrom, time } = session;
  const fields = [
    ["date", "Date", () => dateTime(time.getTime())],
    ["message-id", "Message-ID", () => `<${crypto.randomUUID()}@${hostname}>`],
    ["from", "From", () => mailFrom ?? undefined],
  ] as const;
  return fields.map(([part, name, valueOf]) => {
    const value = adds.has(part) && header.first(name) === undefined ? valueOf() : undefined;
    return value === undefined ? "" : headerField(name, `${value}`);
  }).join("");
}
