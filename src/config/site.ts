/**
 * What the server does with recipients that no handler of the operator's has answered for.
 *
 * @module
 */
import { aliasBy, localHosts } from "../../handlers/mod.ts";
import { chain, type Handler, named, on } from "../handler/handler.ts";
import { isPermanent, say } from "../handler/reply.ts";
import { Mailbox } from "../smtp/mailbox.ts";
import { relay } from "../target/relay.ts";
import { isOf } from "./aliases.ts";
import type { Config } from "./config.ts";
import { mailerTarget } from "./targets.ts";

/** Local domains only; there aliases, then users. Mail for anywhere else goes only where an alias leads. */
export function site(config: Config): Handler {
  const { domains, aliases } = config;
  const remote = (mailbox: Mailbox) => isOf(domains, mailbox.domain) ? undefined : relay([mailbox]);
  return chain(
    localHosts(domains),
    neverRefuseInDoubt(config),
    aliasBy(aliases, remote),
    localUsers(config),
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
      return isPermanent(reply)
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
    on("AddRcptTo", ({ mailbox }) => {
      const user = users.find(mailbox.local);
      if (user === undefined) return say(5, 5, 0, "unknown recipient", "5.1.1");
      const recipient = mailbox.local.startsWith(user)
        ? mailbox
        : new Mailbox(user + mailbox.local.slice(user.length), mailbox.domain);
      return { ...say(2, 5, 0, "recipient ok", "2.1.5"), routes: [{ recipient, target }] };
    }),
  );
}
