/**
 * What handlers need for each session.
 * @module
 */
import { readyMade } from "../../handlers/registry.ts";
import type { HandlerEntry } from "./config.ts";

/** The connections to other programs that a session holds open. Those of the operator's own modules are not known. */
export const connectionsOf = (handlers: readonly HandlerEntry[]): number =>
  handlers.reduce(
    (sum, { name, source }) =>
      sum + ("handler" in source ? readyMade.get(name)?.connections ?? 0 : 0),
    0,
  );
