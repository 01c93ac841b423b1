/**
 * Mail for addresses that do not exist.
 * @module
 */
import {
  canonicalName,
  chain,
  type HandlerFactory,
  isPositive,
  type Mailbox,
  on,
  type Reply,
  say,
  type Session,
  variable,
} from "postmaster";
import { defineHandler, kinds } from "postmaster/making";

/** The options of {@linkcode suppress}. */
export interface SuppressOptions {
  /** The failures after which no more mail is sent to an address. */
  readonly failures?: number;
  /** How long an address is remembered after its last failure. */
  readonly remember?: number | string;
}

const options = kinds.options({
  failures: kinds.count(1).prefault(3)
    .describe("The failures after which no more mail is sent to an address."),
  remember: kinds.lifetime(1000).prefault("90 d")
    .describe("How long an address is remembered after its last failure."),
}).prefault({});

/** What is known of an address. */
interface Failed {
  readonly failures: number;
  /** When it failed last, by ISO 8601. */
  readonly last: string;
  /** What the server said. */
  readonly reason: string;
  readonly [key: string]: string | number;
}

/**
 * Sends no more mail to an address where it failed again and again because another server says that there is no such
 * mailbox: those who do not heed that get a bad name. A client is told so at RCPT; mail that comes there by an alias
 * fails at once. Each domain of senders has a memory of its own. Mail that arrives ends the memory of its address, and
 * bounces do not count. `postmaster vars list suppressed` shows the memory, `postmaster vars unset` ends it.
 *
 * @example
 * ```ts
 * import { suppress } from "postmaster/handlers";
 *
 * export default suppress({ failures: 2 });
 * ```
 */
export const suppress: HandlerFactory<SuppressOptions | undefined> = defineHandler({
  name: "suppress",
  summary: "Sends no more mail to addresses that do not exist.",
  options,
  create: ({ failures, remember }) => {
    const suppressed = variable("global", "suppressed", (): Failed | null => null, {
      ttl: remember,
      persist: true,
    });
    const memoryOf = ({ mailFrom }: Session, { key }: Mailbox) =>
      mailFrom && suppressed.of(`${canonicalName(mailFrom.domain)} <${key}>`);

    const judge = async (session: Session, mailbox: Mailbox): Promise<Reply | undefined> => {
      const memory = memoryOf(session, mailbox);
      const failed = memory ? await session.get(memory) : null;
      return failed && failed.failures >= failures ? refusal(mailbox, failed) : undefined;
    };

    return chain(
      on("AddRcptTo", async ({ mailbox }, next, session) => {
        const reply = await next();
        return isPositive(reply) ? await judge(session, mailbox) ?? reply : reply;
      }),
      on(
        "BeforeDelivery",
        async ({ route }, next, session) => await judge(session, route.recipient) ?? next(),
      ),
      on("AfterDelivery", async ({ route, outcome }, next, session) => {
        const memory = memoryOf(session, route.recipient);
        if (!memory) return next();
        if (outcome.result === "delivered") await session.unset(memory);
        else if (outcome.result === "failed" && outcome.kind === "mailbox") {
          const { reason } = outcome;
          const last = session.time.toISOString();
          const { failures: count } = (await session.update(memory, (old) => (
            { failures: (old?.failures ?? 0) + 1, last, reason }
          )))!;
          if (count === failures) session.log("suppressed", { recipient: `${route.recipient}` });
        }
        return next();
      }),
    );
  },
  example: "suppress: { failures: 2 }",
  part: "checks",
});

/** The most characters of a line of a reply. */
const LONGEST = 490;

function refusal(mailbox: Mailbox, { failures, last, reason }: Failed): Reply {
  const text = `no more mail is sent to ${mailbox}: it failed ${failures} times, last on ` +
    `${last.slice(0, 10)}: ${reason}`;
  return say(5, 5, 0, text.replace(/[^ -~]/g, "?").slice(0, LONGEST), "5.1.1");
}
