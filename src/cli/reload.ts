/**
 * `postmaster reload`: has the running server read everything anew.
 * @module
 */
import { findConfig, loadPlaces } from "../config/mod.ts";
import { askToReload } from "../daemon/control_client.ts";
import type { DeskFlags } from "./queue/open.ts";

/** Has the server reload, and prints what was replaced. Throws what keeps all as it was. */
export async function reload({ socket, config = findConfig() }: DeskFlags): Promise<void> {
  const { changed, notes } = await askToReload(socket ?? loadPlaces(config).socket);
  for (const note of notes) console.log(note);
  console.log(`reloaded: ${changed.length === 0 ? "nothing has changed" : changed.join(", ")}`);
}
