/**
 * Mail for postmaster, which every server must accept (RFC 5321 section 4.5.1).
 * @module
 */
import {
  type Handler,
  isSameName,
  isUnclaimed,
  Mailbox,
  named,
  on,
  relayingDenied,
  type Reply,
} from "postmaster";
import { askAll } from "./alias.ts";
import type { Aliases } from "./alias_table.ts";
import { localUsers, type Users } from "./users.ts";

/** The options of {@linkcode postmaster}. */
export interface PostmasterOptions {
  /** The domains that have a postmaster; a server without any has one under its own name. */
  readonly domains: readonly string[];
  /** The aliases, which name the readers first. */
  readonly aliases: Aliases;
  /** The users: a user `postmaster` is the next reader, before the catch-alls of the aliases. */
  readonly users: Users;
}

/** The readers of mail for this postmaster; `undefined` if there are none. */
export const readersOf = (
  postmaster: Mailbox,
  aliases: Aliases,
  isUser: boolean,
): readonly Mailbox[] | undefined =>
  aliases.find(postmaster) ?? (isUser ? [postmaster] : aliases.catchAll(postmaster));

/**
 * Accepts mail for postmaster. A postmaster without a domain gets the first of `domains`, before the handlers further
 * in see it; without domains, the server's own name, which only exact addresses match. If all handlers say that
 * nobody has the address, its mail goes to its readers. Other refusals stand, because they are about the client.
 */
export function postmaster({ domains, aliases, users }: PostmasterOptions): Handler {
  const [first] = domains;
  const known = localUsers(users);
  return named(
    "postmaster",
    on("AddRcptTo", async (event, next, session) => {
      const { local, domain } = event.mailbox;
      if (local.toLowerCase() !== "postmaster") return next();
      const ours = first === undefined ? [session.hostname] : domains;
      const isOurs = ({ domain }: Mailbox) => ours.some((one) => isSameName(one, domain));
      const asked = domain !== "" ? event : {
        ...event,
        mailbox: new Mailbox(local, ours[0]!),
        exact: first === undefined,
      };
      const { mailbox } = asked;
      const reply = await next(asked);
      if (!isOurs(mailbox) || !isUnclaimed(reply)) return reply;
      const isUser = await users.find(mailbox) !== undefined;
      const readers = readersOf(mailbox, aliases, isUser);
      if (readers === undefined) return reply;
      const ask = async (reader: Mailbox): Promise<Reply> => {
        const { type, parameters } = event;
        const own = () =>
          known({ type, mailbox: reader, parameters }, () => relayingDenied, session);
        if (reader.equals(mailbox)) return own();
        // A user of a server without domains is here, like its postmaster, and not relayed.
        const exact = asked.exact === true && isSameName(reader.domain, mailbox.domain);
        const reply = await session.trigger({ type, mailbox: reader, parameters, exact });
        if (!isUnclaimed(reply)) return reply;
        return isOurs(reader) ? own() : relayingDenied; // which sends the mail on
      };
      return askAll(mailbox, readers, ask, session);
    }),
  );
}
