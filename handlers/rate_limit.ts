/**
 * Limits for connections, messages and recipients.
 * @module
 */
import {
  canonicalName,
  chain,
  type Event,
  type EventName,
  type HandlerFactory,
  hostOf,
  isPositive,
  type Mailbox,
  networkOf,
  on,
  type Prefixes,
  printDuration,
  type Reply,
  say,
  type Session,
  variable,
} from "postmaster";
import { defineHandler, kinds, z } from "postmaster/making";

/** The things that can be counted. */
export type RateUnit = "connections" | "messages" | "recipients";

/** The owners of a count. */
export type RateKey =
  | "all"
  | "address"
  | "network"
  | "user"
  | "sender"
  | "sender-domain"
  | "recipient"
  | "recipient-domain";

/** The event at which something is counted. */
const COUNTED = {
  connections: "Greeting",
  messages: "SetMailFrom",
  recipients: "AddRcptTo",
} as const satisfies Record<RateUnit, EventName>;

const NETWORK: Prefixes = { ipv4: 24, ipv6: 48 };

/** The key of a bucket; `undefined` if there is none, and nothing is counted. */
const KEYS = {
  all: () => "",
  address: ({ peer }) => hostOf(peer.address),
  network: ({ peer }) => networkOf(peer.address, NETWORK),
  user: ({ user }) => user,
  sender: ({ mailFrom }, event) => mailboxOf(event, "SetMailFrom", mailFrom)?.key,
  "sender-domain": ({ mailFrom }, event) => domainOf(mailboxOf(event, "SetMailFrom", mailFrom)),
  recipient: (_session, event) => mailboxOf(event, "AddRcptTo", null)?.key,
  "recipient-domain": (_session, event) => domainOf(mailboxOf(event, "AddRcptTo", null)),
} as const satisfies Record<RateKey, (session: Session, event: Event) => string | undefined>;

/** The things that can be counted by a key, if not all. */
const NEEDS: Readonly<Partial<Record<RateKey, readonly RateUnit[]>>> = {
  user: ["messages", "recipients"],
  sender: ["messages", "recipients"],
  "sender-domain": ["messages", "recipients"],
  recipient: ["recipients"],
  "recipient-domain": ["recipients"],
};

/** The options of {@linkcode rateLimit}. */
export interface RateLimitOptions {
  /** How many may come. */
  readonly limit: number;
  /** The time for that many. */
  readonly per?: number | string;
  /** What is counted. */
  readonly of?: RateUnit;
  /** What has a count of its own; a `network` is a /24, in IPv6 a /48; `all` have one count together. */
  readonly by?: RateKey;
  /** How many may come at once; by default as many as `limit`. */
  readonly burst?: number;
  /** Rate limits with the same name share their counts. */
  readonly name?: string;
  /** The counts survive a restart. */
  readonly persist?: boolean;
  /** What happens to what is more: it is deferred, or accepted and put on hold until an operator releases it. */
  readonly excess?: "defer" | "hold";
}

/** The option `excess`. */
export const excess: z.ZodDefault<z.ZodEnum<{ defer: "defer"; hold: "hold" }>> = z
  .enum(["defer", "hold"]).default("defer");

const options = kinds.options({
  limit: kinds.count(1).describe("How many may come."),
  per: kinds.lifetime(1000).prefault("1 h").describe("The time for that many."),
  of: z.enum(Object.keys(COUNTED) as [RateUnit, ...RateUnit[]]).default("messages").describe(
    "What is counted.",
  ),
  by: z.enum(Object.keys(KEYS) as [RateKey, ...RateKey[]]).default("address")
    .describe(
      "What has a count of its own; a `network` is a /24, in IPv6 a /48; `all` have one count together.",
    ),
  burst: kinds.count(1).optional()
    .describe("How many may come at once; by default as many as `limit`."),
  name: z.string().regex(/^[^[\]\p{C}]+$/u).optional()
    .describe("Rate limits with the same name share their counts."),
  persist: z.boolean().default(false).describe("The counts survive a restart."),
  excess: excess.describe(
    "What happens to what is more: it is deferred, or accepted and put on hold until an operator releases it.",
  ),
}).refine(({ of, excess }) => of !== "connections" || excess === "defer", {
  error: "connections cannot be put on hold: count messages or recipients",
  path: ["excess"],
}).refine(({ of, by }) => NEEDS[by]?.includes(of) ?? true, {
  error: ({ input }) => {
    const { of = "messages", by } = input as { of?: RateUnit; by: RateKey };
    return `${of} cannot be counted by ${by}, which is not known yet: count ${
      NEEDS[by]?.join(" or ")
    }`;
  },
  path: ["of"],
});

/** A token bucket: it holds at most `burst` tokens, and fills with time. */
interface Bucket {
  readonly tokens: number;
  /** The time of that number, in milliseconds since the epoch. */
  readonly at: number;
  /** The last request for a token was granted. */
  readonly granted: boolean;
  readonly [key: string]: number | boolean;
}

/**
 * Limits how many connections, messages or recipients come in some time: by the client's address or network, the
 * sender, the recipient or their domains, the user, or all together. More are deferred (450, a connection with 421).
 * Messages that the client gets 250 for count, and their recipients, once for each command of the client, before
 * aliases. An open transaction counts, so that many at once cannot pass the limit. With `excess: "hold"`, a
 * message that is more, or has a recipient who is more, is accepted and put on hold.
 *
 * @example
 * ```ts
 * import { chain } from "postmaster";
 * import { rateLimit } from "postmaster/handlers";
 *
 * export default chain(
 *   rateLimit({ limit: 60, per: "1 min", of: "connections", by: "network" }),
 *   rateLimit({ limit: 100, per: "1 h", by: "sender", burst: 20 }),
 * );
 * ```
 */
export const rateLimit: HandlerFactory<RateLimitOptions> = defineHandler({
  name: "rate-limit",
  summary: "Limits connections, messages or recipients in a time.",
  options,
  create: ({ limit, per, of, by, burst = limit, name, persist, excess }) => {
    const empty = (): Bucket => ({ tokens: burst, at: 0, granted: true });
    const title = name ?? `${limit} ${of} per ${printDuration(per)} by ${by}`;
    const ttl = per * burst / limit;
    const buckets = variable("global", `rate ${title}`, empty, { ttl, persist });
    const verdict = variable("command", "rate-limit", (): Verdict | undefined => undefined);
    const exceeded = variable("transaction", "rate-limit exceeded", () => false);

    const judge = async (session: Session, key: string): Verdict => {
      const bucket = buckets.of(key);
      const now = session.time.getTime();
      const { granted, tokens } = await session.update(bucket, (bucket) => {
        const filled = bucket.tokens + Math.max(0, now - bucket.at) * limit / per;
        const tokens = Math.min(burst, filled);
        return tokens >= 1
          ? { tokens: tokens - 1, at: now, granted: true }
          : { tokens, at: now, granted: false };
      });
      if (!granted) {
        if (excess === "defer") return tooMuch(of, (1 - tokens) * per / limit);
        session.set(exceeded, true);
        return undefined;
      }
      const giveBack = async () => {
        await session.update(
          bucket,
          (old) => ({ ...old, tokens: Math.min(burst, old.tokens + 1) }),
        );
      };
      session.whenAnswered(async (answer) => {
        if (!isPositive(answer)) await giveBack();
        else if (of !== "connections") {
          session.whenTransactionEnds(async (accepted) => {
            if (!accepted) await giveBack();
          });
        }
      });
      return undefined;
    };

    const counting = on(COUNTED[of], async (_event, next, session): Promise<Reply> => {
      const reply = await next();
      const { original } = session;
      const key = KEYS[by](session, original);
      if (original.type !== COUNTED[of] || key === undefined || !isPositive(reply)) return reply;
      const judged = session.get(verdict) ?? judge(session, key);
      session.set(verdict, judged);
      return await judged ?? reply;
    });
    if (excess === "defer") return counting;
    return chain(
      counting,
      on(
        "Deliver",
        (event, next, session) =>
          session.get(exceeded)
            ? next({ ...event, hold: event.hold ?? `more than ${title}` })
            : next(),
      ),
    );
  },
  example: "rate-limit: { limit: 100, per: 1 h, by: sender, burst: 20 }",
  part: "checks",
  holds: ({ excess }) => excess === "hold",
});

/** The deferral; `undefined` if the event may pass. */
type Verdict = Promise<Reply | undefined>;

function tooMuch(of: RateUnit, milliseconds: number): Reply {
  const text = `too many ${of}, try again in ${Math.ceil(milliseconds / 1000)} seconds`;
  return of === "connections" ? say(4, 2, 1, text, "4.7.0") : say(4, 5, 0, text, "4.7.1");
}

/** The mailbox of an event of this type; for other events, the mailbox that is known from before. */
function mailboxOf(event: Event, type: "SetMailFrom" | "AddRcptTo", known: Session["mailFrom"]) {
  return event.type === type ? event.mailbox : known;
}

const domainOf = (mailbox: Mailbox | null | undefined): string | undefined =>
  mailbox === null || mailbox === undefined ? undefined : canonicalName(mailbox.domain);
