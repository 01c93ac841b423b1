/**
 * Greylisting: strangers must come twice.
 * @module
 */
import {
  type HandlerFactory,
  isPositive,
  type Mailbox,
  networkOf,
  on,
  type Prefixes,
  type Reply,
  say,
  type Session,
  variable,
} from "postmaster";
import { defineHandler, kinds, z } from "postmaster/making";

/** The options of {@linkcode greylist}. */
export interface GreylistOptions {
  /** How long a stranger must wait before it tries again. */
  readonly delay?: number | string;
  /** How long a stranger has to try again; then it is a stranger again. */
  readonly window?: number | string;
  /** How long a known client stays known after its last message. */
  readonly remember?: number | string;
  /** Bits that the IPv4 addresses of one client share. */
  readonly ipv4Prefix?: number;
  /** Bits that the IPv6 addresses of one client share. */
  readonly ipv6Prefix?: number;
}

const options = kinds.options({
  delay: kinds.duration(1000).prefault("5 min")
    .describe("How long a stranger must wait before it tries again."),
  window: kinds.lifetime(1000).prefault("2 d")
    .describe("How long a stranger has to try again; then it is a stranger again."),
  remember: kinds.lifetime(1000).prefault("36 d")
    .describe("How long a known client stays known after its last message."),
  ipv4Prefix: z.int().min(8).max(32).default(24)
    .describe("Bits that the IPv4 addresses of one client share."),
  ipv6Prefix: z.int().min(16).max(128).default(64)
    .describe("Bits that the IPv6 addresses of one client share."),
}).prefault({});

/**
 * Defers mail of strangers (RFC 6647). A stranger is a client that sends from this sender to this recipient for the
 * first time. It is told to try again, and served if it tries again after `delay`. Mail servers try again; most
 * senders of spam do not. Only recipients that the handlers further in accept are deferred, and never those of
 * authenticated clients. The recipient is the one that the client named, before aliases.
 *
 * @example
 * ```ts
 * import { greylist } from "postmaster/handlers";
 *
 * export default greylist({ delay: "2 min" });
 * ```
 */
export const greylist: HandlerFactory<GreylistOptions | undefined> = defineHandler({
  name: "greylist",
  summary: "Defers strangers until they try again.",
  options,
  create: ({ delay, window, remember, ipv4Prefix: ipv4, ipv6Prefix: ipv6 }) => {
    const prefixes = { ipv4, ipv6 };
    const known = variable("global", "greylist known", () => false, {
      ttl: remember,
      persist: true,
    });
    const first = variable("global", "greylist first", () => 0, { window, persist: true });
    const verdict = variable("command", "greylist", (): Verdict | undefined => undefined);

    const judge = async (session: Session, recipient: Mailbox): Verdict => {
      const key = triplet(session, recipient, prefixes);
      const now = session.time.getTime();
      if (!await session.get(known.of(key))) {
        const wait = delay - (now - await session.update(first.of(key), (since) => since || now));
        if (wait > 0) return tryAgain(wait);
      }
      session.whenAnswered(async (answer) => {
        if (!isPositive(answer)) return; // a recipient that is deferred here must not wait again when it comes back
        await session.set(known.of(key), true); // at each message, so that it stays known
        await session.unset(first.of(key));
      });
      return undefined;
    };

    return on("AddRcptTo", async (_event, next, session) => {
      const reply = await next();
      const { original, user } = session;
      if (original.type !== "AddRcptTo" || user !== undefined || !isPositive(reply)) return reply;
      const judged = session.get(verdict) ?? judge(session, original.mailbox);
      session.set(verdict, judged);
      return await judged ?? reply;
    });
  },
  example: "greylist: { delay: 2 min }",
  part: "checks",
});

/** The deferral of the client's recipient; `undefined` if it may pass. */
type Verdict = Promise<Reply | undefined>;

const triplet = ({ peer, mailFrom }: Session, recipient: Mailbox, prefixes: Prefixes): string =>
  `${networkOf(peer.address, prefixes)} <${mailFrom?.key ?? ""}> <${recipient.key}>`;

const tryAgain = (milliseconds: number) =>
  say(
    4,
    5,
    1,
    `greylisted, please try again in ${Math.ceil(milliseconds / 1000)} seconds`,
    "4.7.1",
  );
