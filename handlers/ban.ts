/**
 * Bans of clients, for some time.
 * @module
 */
import { hostOf, type Session, variable } from "postmaster";
import { kinds, type z } from "postmaster/making";

/** The default time of a ban. */
export const BAN_TIME = "1 d";

/** A ban ends by itself, and survives a restart until then. */
const bannedFor = (time: number | string = BAN_TIME) =>
  variable("global", "banned", (): string | null => null, { ttl: time, persist: true });

const banned = bannedFor();

/** The key of a ban: the client's address, for IPv6 its network. */
const key = ({ peer }: Session): string => hostOf(peer.address);

/** How long a ban lasts, in options. */
export const banTime: z.ZodType<number, number | string> = kinds.lifetime(1000);

/**
 * Bans the client of a session: {@linkcode blacklist} refuses it for that time.
 *
 * @param reason what `postmaster vars list banned` shows
 * @param time milliseconds, or a text such as `"1 d"`
 *
 * @example
 * ```ts
 * import { on, say } from "postmaster";
 * import { ban } from "postmaster/handlers";
 *
 * export default on("AddRcptTo", async ({ mailbox }, next, session) => {
 *   if (mailbox.local !== "honeypot") return next();
 *   await ban(session, "honeypot");
 *   return say(4, 2, 1, "goodbye");
 * });
 * ```
 */
export function ban(
  session: Session,
  reason: string,
  time: number | string = BAN_TIME,
): Promise<void> {
  session.log("banned", { reason });
  return session.set(bannedFor(time).of(key(session)), reason);
}

/** Ends the ban of a session's client. */
export const unban = (session: Session): Promise<void> => session.unset(banned.of(key(session)));

/** The reason why the client of a session is banned; `null` if it is not. */
export const reasonOfBan = (session: Session): Promise<string | null> =>
  session.get(banned.of(key(session)));
