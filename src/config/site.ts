/**
 * What the server does with recipients that no handler of the operator's has answered for.
 * @module
 */
import { aliasBy, deferInDoubt, localHosts, localUsers, subaddress } from "../../handlers/mod.ts";
import { chain, type Handler } from "../handler/handler.ts";
import type { Config } from "./config.ts";
import { relaying } from "./for_users.ts";
import { returning } from "./returning.ts";

/**
 * Local domains only; there aliases, then users. Mail for anywhere else goes only where an alias leads, or where a user
 * sends it at a listener for submission.
 */
export function site(config: Config): Handler {
  const { domains, users, aliases, recipientDelimiter: delimiter } = config;
  return chain(
    ...relaying(config),
    ...returning(config),
    localHosts(domains),
    deferInDoubt(users, aliases),
    ...delimiter === "" ? [] : [subaddress({ delimiter })],
    aliasBy(aliases),
    localUsers(users),
  );
}
