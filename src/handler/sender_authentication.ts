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
