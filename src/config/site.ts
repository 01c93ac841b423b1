/**
 * What the server does with recipients that no handler of the operator's has answered for.
 * @module
 */
import { aliasBy, deferInDoubt, localHosts, localUsers, subaddress } from "../../handlers/mod.ts";
import { chain, type Handler } from "../handler/handler.ts";
import type { Config } from "./config.ts";

/** Local domains only; there aliases, then users. Mail for anywhere else goes only where an alias leads. */
export const site = ({ domains, users, aliases, recipientDelimiter: delimiter }: Config): Handler =>
  chain(
    localHosts(domains),
    deferInDoubt(users, aliases),
    ...delimiter === "" ? [] : [subaddress({ delimiter })],
    aliasBy(aliases),
    localUsers(users),
  );
