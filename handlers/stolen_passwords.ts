/**
 * Users whose mail is put on hold because somebody else may send it.
 * @module
 */
import {
  chain,
  type EventOf,
  type HandlerFactory,
  Mailbox,
  type Next,
  on,
  printDuration,
  type Reply,
  type Session,
  variable,
} from "postmaster";
import { defineHandler, kinds } from "postmaster/making";
import { address } from "./catch_all.ts";

/** The options of {@linkcode stolenPasswords}. */
export interface StolenPasswordsOptions {
  /** The recipients that a user may have in that time. */
  readonly recipients?: number;
  /** The recipients in that time to whom a user's mail may fail. */
  readonly failures?: number;
  /** The time in which they are counted. */
  readonly per?: number | string;
  /** Who is told; by default the server's postmaster. */
  readonly notify?: string;
}

/** Why the mail of a user is put on hold. It stays so until an operator ends it. */
const onHold = variable("global", "on hold", (): string | null => null, { persist: true });

/** The postmaster of the server, whatever its domains are (RFC 5321 section 4.5.1). */
const POSTMASTER = new Mailbox("postmaster", "");

/**
 * Puts the mail of a user on hold who sends as a thief of the password would: to more recipients in some time than
 * people write to, or to many that are not there. From then on each message of this user is accepted and put on hold,
 * and one message tells postmaster, with the commands that look into the mail and release or drop it. The hold ends
 * when an operator unsets the variable `on hold[USER]`.
 *
 * @example
 * ```ts
 * import { stolenPasswords } from "postmaster/handlers";
 *
 * export default stolenPasswords({ recipients: 300, failures: 30, per: "1 h" });
 * ```
 */
export const stolenPasswords: HandlerFactory<StolenPasswordsOptions | undefined> = defineHandler({
  name: "stolen-passwords",
  summary: "Holds the mail of users who send as thieves of their passwords would.",
  options: kinds.options({
    recipients: kinds.count(1).default(500)
      .describe("The recipients that a user may have in that time."),
    failures: kinds.count(1).default(50)
      .describe("The recipients in that time to whom a user's mail may fail."),
    per: kinds.lifetime(1000).prefault("1 h").describe("The time in which they are counted."),
    notify: address.optional().describe("Who is told; by default the server's postmaster."),
  }).prefault({}),
  create: ({ recipients: most, failures: mostFailures, per, notify: to = POSTMASTER }) => {
    const within = { window: per, persist: true } as const;
    const sent = variable("global", "recipients of user", () => 0, within);
    const failed = variable("global", "failures of user", () => 0, within);
    const time = printDuration(per);

    /** Puts a user on hold, unless the user is there already. Gives the reason. */
    const suspect = async (user: string, reason: string, session: Session): Promise<string> => {
      let isFirst = false;
      const since = await session.update(onHold.of(user), (old) => {
        isFirst = old === null;
        return old ?? reason;
      });
      if (!isFirst) return since ?? reason;
      session.warn("puts all mail of a user on hold", { user, reason });
      try {
        await session.send({ to, ...notice(user, reason, session) });
      } catch (error) { // nobody is told: the next message tries again
        await session.unset(onHold.of(user));
        throw error;
      }
      await session.unset(sent.of(user));
      await session.unset(failed.of(user));
      return reason;
    };

    const received = async (
      event: EventOf<"Deliver">,
      next: Next<"Deliver">,
      session: Session,
    ): Promise<Reply> => {
      const { user, recipients } = session;
      if (user === undefined) return await next();
      let reason = await session.get(onHold.of(user));
      if (reason === null) {
        const count = await session.update(sent.of(user), (old) => old + recipients.length);
        if (count <= most) return await next();
        reason = await suspect(user, `more than ${most} recipients in ${time}`, session);
      }
      return await next({ ...event, hold: event.hold ?? `${user}: ${reason}` });
    };

    const tried = async (
      { ending, route }: EventOf<"AfterDelivery">,
      next: Next<"AfterDelivery">,
      session: Session,
    ): Promise<Reply> => {
      const { user } = session;
      const counts = ending === "failed" && route.copy !== true;
      if (user === undefined || !counts || await session.get(onHold.of(user)) !== null) {
        return await next();
      }
      if (await session.tick(failed.of(user)) > mostFailures) {
        await suspect(
          user,
          `mail to more than ${mostFailures} recipients failed in ${time}`,
          session,
        );
      }
      return await next();
    };

    return chain(on("Deliver", received), on("AfterDelivery", tried));
  },
  holds: () => true,
  example: "stolen-passwords: { recipients: 300, failures: 30, per: 1 h }",
});

/** What the postmaster is told. */
function notice(
  user: string,
  reason: string,
  { hostname, peer }: Session,
): { readonly subject: string; readonly text: string } {
  const of = `--user ${shellWord(user)}`;
  const goOn = `postmaster vars unset ${shellWord(onHold.of(user).name)}`;
  return {
    subject: `The mail of ${user} is on hold`,
    text: `\
${hostname} puts all mail of the user ${user} on hold:
${reason}.

Somebody else may know the password. The last client was at ${peer.address}.
Messages are still accepted, and wait until you decide.

To look into them:

  postmaster queue list ${of} --state held

If they are wanted, end the hold and release them:

  ${goOn}
  postmaster queue release ${of}

If they are not, have the password changed, drop them, and end the hold:

  postmaster queue drop ${of} --state held
  ${goOn}

Messages that came before are not on hold. To hold those that still wait:

  postmaster queue hold ${of}
`,
  };
}

/** A word for a shell. */
const shellWord = (text: string): string =>
  /^[\w@.][\w@.+-]*$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
