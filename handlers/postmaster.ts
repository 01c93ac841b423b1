/**
 * Mail for postmaster, which every server must take (RFC 5321 section 4.5.1).
 *
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

/** What {@linkcode postmaster} goes by. */
export interface PostmasterOptions {
  /** The domains that have a postmaster; a server without any has one under its own name. */
  readonly domains: readonly string[];
  /** Other names: first they say who reads the mail. */
  readonly aliases: Aliases;
  /** Then a user `postmaster` does, and then the aliases for whom nobody knows. */
  readonly users: Users;
}

/** Who reads the mail for this postmaster; `undefined` if nothing says it. */
export const readersOf = (
  postmaster: Mailbox,
  aliases: Aliases,
  isUser: boolean,
): readonly Mailbox[] | undefined =>
  aliases.find(postmaster) ?? (isUser ? [postmaster] : aliases.catchAll(postmaster));

/**
 * Sees that mail for postmaster is taken. A postmaster without a domain gets the first of `domains`, before the handlers
 * further in see it; without one, it is that of the server's own name, for those who have exactly that. When all
 * handlers say that nobody has the address, its mail goes to those who read it. Other refusals stand: they are about the
 * client.
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
        const exact = asked.exact === true && reader.domain === mailbox.domain;
        const reply = await session.trigger({ type, mailbox: reader, parameters, exact });
        if (!isUnclaimed(reply)) return reply;
        return isOurs(reader) ? own() : relayingDenied; // which sends the mail on
      };
      return askAll(mailbox, readers, ask, session);
    }),
  );
}
