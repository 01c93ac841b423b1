/**
 * What the server does with recipients that no handler of the operator's has answered for.
 *
 * @module
 */
import { aliasBy, localHosts, subaddress } from "../../handlers/mod.ts";
import { chain, type Handler, named, on } from "../handler/handler.ts";
import { isUnknownRecipient, say } from "../handler/reply.ts";
import { routeTo } from "../handler/route.ts";
import { Mailbox } from "../smtp/mailbox.ts";
import type { Config } from "./config.ts";
import { mailerTarget } from "./targets.ts";

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
 * Gives the bare `<postmaster>` (RFC 5321 section 4.5.1) a domain before the operator's handlers see it: the first of
 * `domains`. Without one it is the postmaster of the server's own name, for those who have exactly that: it is here,
 * and never relayed.
 */
export function barePostmaster({ domains: [domain], hostname }: Config): Handler {
  return named(
    "bare-postmaster",
    on("AddRcptTo", (event, next) => {
      const { local, domain: given } = event.mailbox;
      if (given !== "") return next();
      return domain === undefined
        ? next({ ...event, mailbox: new Mailbox(local, hostname), exact: true })
        : next({ ...event, mailbox: new Mailbox(local, domain) });
    }),
  );
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
function localUsers({ users, mailer }: Config): Handler {
  const target = mailerTarget(mailer);
  return named(
    "local-users",
    on("AddRcptTo", (event) => {
      const user = users.find(event.mailbox.local);
      if (user === undefined) return say(5, 5, 0, "unknown recipient", "5.1.1");
      return { ...say(2, 5, 0, "recipient ok", "2.1.5"), routes: [routeTo(event, target, user)] };
    }),
  );
}
