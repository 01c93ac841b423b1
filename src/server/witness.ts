/**
 * Who sees what handlers are asked and what they answer, and has no say in it.
 * @module
 */
import type { Handler } from "../handler/handler.ts";

/** Sees the events of all sessions. */
export interface Witness {
  /** The same chain, with the witness around it: it sees what clients cause, and what they are answered. */
  around(chain: Handler): Handler;
  /** The same core, with the witness around it: it sees what comes through all handlers. */
  core(core: Handler): Handler;
}
