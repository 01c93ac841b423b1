/**
 * Conditions for asking a handler.
 * @module
 */
import { type Event, isIn, type Mailbox, type MaybePromise, type Session } from "postmaster";
import { kinds, z } from "postmaster/making";
import { momentOf, TIME_KEYS, timeShape, type Weekday } from "./calendar.ts";
import { network } from "./network.ts";
import { mailboxPattern, namePattern } from "./pattern.ts";

/** A condition as a function. */
export type Predicate = (event: Event, session: Session) => MaybePromise<boolean>;

const shape = {
  ...timeShape,
  network: kinds.oneOrMore(network).optional().describe("The client's address is in one of these."),
  sender: kinds.oneOrMore(mailboxPattern).optional()
    .describe("The sender: joe@example.net, @example.net, @.example.net, joe@, or <> for none."),
  recipient: kinds.oneOrMore(mailboxPattern).optional().describe(
    "The recipient of the event, later an accepted recipient; forms as in sender.",
  ),
  helo: kinds.oneOrMore(namePattern).optional()
    .describe("The client's name in HELO; .example.net for all names below it."),
  listener: kinds.oneOrMore(z.string()).optional()
    .describe(
      "The address that the client connected to, as in `listen`, or the kind of the listener: " +
        "192.0.2.25:25, submission.",
    ),
  tls: z.boolean().optional().describe("The connection is encrypted, or is not."),
  user: z.union([z.boolean(), kinds.oneOrMore(z.string())], {
    error: "`true`, `false`, or a list of names",
  }).optional().describe("The client is authenticated, or is one of these users."),
};

/** A condition as data. Of several keys, all must hold; of the items of a list, one. */
export interface ConditionData {
  /** Days of the week: mon, tue, wed, thu, fri, sat, sun. */
  readonly weekday?: Weekday | readonly Weekday[];
  /** From the first hour to before the second, over midnight too: [22, 6]. */
  readonly hours?: [number, number];
  /** Days: 2026-12-24, 12-24 in every year, 12-24..01-02 for a range. */
  readonly dates?: string | readonly string[];
  /** The year has 366 days, or has not. */
  readonly leapYear?: boolean;
  /** The time zone: an IANA name; by default the server's. */
  readonly timeZone?: string;
  /** The client's address is in one of these. */
  readonly network?: string | readonly string[];
  /** The sender: joe@example.net, @example.net, @.example.net, joe@, or <> for none. */
  readonly sender?: string | readonly string[];
  /** The recipient of the event, later an accepted recipient; forms as in sender. */
  readonly recipient?: string | readonly string[];
  /** The client's name in HELO; .example.net for all names below it. */
  readonly helo?: string | readonly string[];
  /** The address that the client connected to, as in `listen`: 192.0.2.25:25. */
  readonly listener?: string | readonly string[];
  /** The connection is encrypted, or is not. */
  readonly tls?: boolean;
  /** The client is authenticated, or is one of these users. */
  readonly user?: boolean | string | readonly string[];
  /** All of these hold. */
  readonly all?: readonly Condition[];
  /** One of these holds. */
  readonly any?: readonly Condition[];
  /** This does not hold. */
  readonly not?: Condition;
}

/** A condition: data, or in TypeScript a function as well. */
export type Condition = ConditionData | Predicate;

/** A condition as an option. What is not known yet, such as the sender at the greeting, does not match. */
export const condition: z.ZodType<Predicate, Condition> = kinds.orFunction(z.lazy(() => data));

const data: z.ZodType<Predicate, ConditionData> = kinds.options({
  ...shape,
  all: kinds.list(condition, undefined, 1).optional().describe("All of these hold."),
  any: kinds.list(condition, undefined, 1).optional().describe("One of these holds."),
  not: condition.optional().describe("This does not hold."),
}).superRefine((read, context) => {
  if (context.issues.length > 0) return;
  const keys = Object.keys(read);
  const fault = (message: string, path: string[]) =>
    context.addIssue({ code: "custom", message, path });
  if (keys.every((key) => key === "timeZone")) {
    fault("this is no condition: write one such as `weekday: [sat]`", []);
  } else if (read.timeZone !== undefined && !TIME_KEYS.some((key) => read[key] !== undefined)) {
    const keys = TIME_KEYS.map((key) => `\`${kinds.keyAsWritten(key)}\``);
    fault(
      `a time zone needs ${keys.slice(0, -1).join(", ")} or ${keys.at(-1)}`,
      [kinds.keyAsWritten("timeZone")],
    );
  }
}).transform((read) => all(predicatesOf(read)))
  .meta({ id: "condition", title: "a condition" }) as z.ZodType<Predicate, ConditionData>;

type ConditionRead = z.output<z.ZodObject<typeof shape>> & {
  readonly all?: readonly Predicate[] | undefined;
  readonly any?: readonly Predicate[] | undefined;
  readonly not?: Predicate | undefined;
};

/** One predicate for each key; those that may take long are last. */
function predicatesOf(read: ConditionRead): readonly Predicate[] {
  const { network, sender, recipient, helo, listener, tls, user, not } = read;
  const on = <T>(wanted: T | undefined, make: (wanted: T) => Predicate): Predicate[] =>
    wanted === undefined ? [] : [make(wanted)];
  return [
    ...on(timeOf(read), (holds) => (_event, { time }) => holds(time)),
    ...on(network, (networks) => (_event, { peer }) => isIn(peer.address, networks)),
    ...on(sender, (patterns) => (event, session) => {
      const mailbox = event.type === "SetMailFrom" ? event.mailbox : session.mailFrom;
      return mailbox !== undefined && patterns.some((matches) => matches(mailbox));
    }),
    ...on(
      recipient,
      (patterns) => (event, session) =>
        recipientsOf(event, session).some((mailbox) =>
          patterns.some((matches) => matches(mailbox))
        ),
    ),
    ...on(helo, (patterns) => (event, session) => {
      const name = heloOf(event, session);
      return name !== undefined && patterns.some((matches) => matches(name));
    }),
    ...on(
      listener,
      (listeners) => (_event, { listener: { address, kind } }) =>
        listeners.includes(address) || listeners.includes(kind),
    ),
    ...on(tls, (wanted) => (_event, session) => (session.tls !== undefined) === wanted),
    ...on(
      user,
      (wanted) => (_event, session) =>
        typeof wanted === "boolean"
          ? (session.user !== undefined) === wanted
          : session.user !== undefined && wanted.includes(session.user),
    ),
    ...on(read.all, all),
    ...on(read.any, any),
    ...on(not, (inner) => async (event, session) => !await inner(event, session)),
  ];
}

function timeOf(read: ConditionRead): ((time: Date) => boolean) | undefined {
  const tests = TIME_KEYS.flatMap((key) => read[key] ?? []);
  if (tests.length === 0) return undefined;
  return (time) => {
    const moment = momentOf(time, read.timeZone);
    return tests.every((holds) => holds(moment));
  };
}

function recipientsOf(event: Event, { recipients }: Session): readonly Mailbox[] {
  if ("route" in event) return [event.route.recipient, ...recipients];
  return event.type === "AddRcptTo" ? [event.mailbox] : recipients;
}

const heloOf = (event: Event, { helo }: Session): string | undefined =>
  event.type === "SayHelo" || event.type === "SayEhlo" ? event.name : helo?.name;

const all = (predicates: readonly Predicate[]): Predicate => async (event, session) => {
  for (const holds of predicates) if (!await holds(event, session)) return false;
  return true;
};

const any = (predicates: readonly Predicate[]): Predicate => async (event, session) => {
  for (const holds of predicates) if (await holds(event, session)) return true;
  return false;
};
