/**
 * What handlers have found out of who sent the message of a transaction.
 * @module
 */
import type { SenderAuthentication } from "../authenticity/verdict.ts";
import { type Variable, variable } from "./variable.ts";

/** The variable behind `session.senderAuthentication`: handlers that check something add to it. */
export const senderAuthentication: Variable<"transaction", SenderAuthentication> = variable(
  "transaction",
  "sender authentication",
  (): SenderAuthentication => Object.freeze({}),
);

/**
 * Values of fields `Authentication-Results` that filters of this server have added to the message, as they are written,
 * one character for each octet. They stay, also in the name of the server, which others may not use.
 */
export const trustedResults: Variable<"transaction", readonly string[]> = variable(
  "transaction",
  "trusted results",
  (): readonly string[] => Object.freeze([]),
);
