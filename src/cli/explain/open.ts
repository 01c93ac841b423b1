/**
 * What is kept of sessions, for commands.
 * @module
 */
import { existsSync } from "node:fs";
import type { Places } from "../../config/mod.ts";
import { becomeOwner } from "../queue/offline.ts";

/**
 * The directory with what is kept, as the user to whom it belongs.
 *
 * @throws {Error} with what to do if there is none, or this user may not read it
 */
export async function openSessions({ sessions }: Places): Promise<string> {
  if (sessions === undefined) {
    throw new Error("a server with `explain: none` keeps nothing of its sessions");
  }
  if (!existsSync(sessions)) {
    throw new Error(
      `nothing is kept in ${sessions} yet: no session has ended, or another user runs the server`,
    );
  }
  await becomeOwner(sessions, "what is kept of sessions");
  return sessions;
}
