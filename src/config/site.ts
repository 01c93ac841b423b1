/**
 * What the server does with recipients that no handler of the operator's has answered for.
 *
 * @module
 */
import { accept, askAll } from "../../handlers/alias.ts";
import { aliasBy, localHosts, subaddress } from "../../handlers/mod.ts";
import type { EventOf } from "../handler/event.ts";
import { chain, type Handler, named, type Next, on } from "../handler/handler.ts";
import {
  isUnclaimed,
  isUnknownRecipient,
  relayingDenied,
  type Reply,
  say,
} from "../handler/reply.ts";
import { routeTo } from "../handler/route.ts";
import type { Session } from "../handler/session.ts";
import { mailer } from "../targets/mailer_target.ts";
import { lower } from "../smtp/ascii.ts";
import { Mailbox } from "../smtp/mailbox.ts";
import { isOf } from "./aliases.ts";
import type { Config } from "./config.ts";
import { domainsWithPostmaster, readersOf } from "./postmaster.ts";

/** Local domains only; there aliases, then users. Mail for anywhere else goes only where an alias leads. */
export function site(config: Config): Handler {
  const { domains, aliases, delimiter } = config;
  return chain(
    localHosts(domains),
    neverRefuseInDoubt(config),
    ...delimiter === "" ? [] : [subaddress({ delimiter })],
    aliasBy(aliases),
    localUsers(config),
  );
}

/**
 * Sees that mail for postmaster is taken (RFC 5321 section 4.5.1). A postmaster without a domain gets the first of
 * `domains`, before the operator's handlers see it; without one, it is that of the server's own name, for those who
 * have exactly that. When all handlers say that nobody has the address, its mail goes to those who read it. Other
 * refusals stand: they are about the client.
 */
export function postmaster(config: Config): Handler {
  const { domains: [first], hostname, users, aliases } = config;
  const ours = domainsWithPostmaster(config);
  const ask = readerOf(config);
  const answer = async (
    event: EventOf<"AddRcptTo">,
    next: Next<"AddRcptTo">,
    session: Session,
  ): Promise<Reply> => {
    const reply = await next(event);
    const readers = isUnclaimed(reply) ? readersOf(event.mailbox, aliases, users) : undefined;
    return readers === undefined
      ? reply
      : askAll(event.mailbox, readers, (reader) => ask(reader, event, session), session);
  };
  return named(
    "postmaster",
    on("AddRcptTo", (event, next, session) => {
      const { local, domain } = event.mailbox;
      if (lower(local) !== "postmaster") return next();
      if (domain !== "") return isOf(ours, domain) ? answer(event, next, session) : next();
      const mailbox = new Mailbox(local, first ?? hostname);
      return answer({ ...event, mailbox, exact: first === undefined }, next, session);
    }),
  );
}

/** Asks where the mail of one who reads that for postmaster goes: the handlers first, then the configuration. */
function readerOf(config: Config) {
  const ours = domainsWithPostmaster(config);
  const answer = userAnswer(config);
  return async (
    mailbox: Mailbox,
    event: EventOf<"AddRcptTo">,
    session: Session,
  ): Promise<Reply> => {
    const { type, parameters } = event;
    const own = answer({ type, mailbox, parameters });
    if (mailbox.equals(event.mailbox)) return own;
    // A user of a server without domains is here, like its postmaster, and not relayed.
    const exact = event.exact === true && mailbox.domain === event.mailbox.domain;
    const reply = await session.trigger({ type, mailbox, parameters, exact });
    if (!isUnclaimed(reply)) return reply;
    return isOf(ours, mailbox.domain) ? own : relayingDenied; // which sends the mail on
  };
}

/** While a file of users or aliases cannot be read, nobody can tell that a recipient does not exist. */
function neverRefuseInDoubt({ users, aliases }: Config): Handler {
  let logged: string | undefined;
  return named(
    "defer-in-doubt",
    on("AddRcptTo", async (_event, next, session) => {
      const reply = await next();
      const trouble = users.trouble() ?? aliases.trouble();
      if (trouble !== logged && trouble !== undefined) {
        session.log("cannot read users or aliases, going by what they were", { trouble });
      }
      logged = trouble;
      if (trouble === undefined) return reply;
      return isUnknownRecipient(reply)
        ? say(4, 5, 1, "cannot look up recipients at the moment", "4.3.0")
        : reply;
    }),
  );
}

/** Hands the mail of users to the mailer, under the name that they have here. */
function localUsers(config: Config): Handler {
  return named("local-users", on("AddRcptTo", userAnswer(config)));
}

function userAnswer({ users }: Config): (event: EventOf<"AddRcptTo">) => Reply {
  return (event) => {
    const user = users.find(event.mailbox.local);
    return user === undefined
      ? say(5, 5, 0, "unknown recipient", "5.1.1")
      : accept([routeTo(event, mailer(), user)]);
  };
}
