/**
 * The queue while no server runs.
 * @module
 */
import type { Places } from "../../config/mod.ts";
import type { OperatorsDesk } from "../../queue/desk.ts";

/** An open store. */
export interface OpenStore extends AsyncDisposable {
  readonly desk: OperatorsDesk;
}

/** Opens the store of the queue, as the user to whom it belongs. */
export function openStore(_file: string | undefined, { socket }: Places): Promise<OpenStore> {
  throw new Error(`no server listens at ${socket}`);
}
