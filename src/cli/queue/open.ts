/**
 * How a command reaches the queue: by the control socket of the running server, or, if there is none, in its store.
 * @module
 */
import { ConfigError, findConfig, loadPlaces, type Places } from "../../config/mod.ts";
import { isListening, RemoteDesk } from "../../daemon/control_client.ts";
import type { OperatorsDesk } from "../../queue/desk.ts";
import { openStore } from "./offline.ts";

/** The options of all commands that need the queue. */
export interface DeskFlags {
  readonly config?: string;
  /** The control socket, for those who may not read the configuration. */
  readonly socket?: string;
}

/**
 * Calls `use` with the queue.
 *
 * @throws {Error} with what to do if it cannot be reached
 */
export async function withDesk(
  flags: DeskFlags,
  use: (desk: OperatorsDesk) => Promise<void>,
): Promise<void> {
  if (flags.socket !== undefined) return await use(new RemoteDesk(flags.socket));
  const file = flags.config ?? findConfig();
  await withDeskAt(placesIn(file), file, use);
}

/**
 * As {@linkcode withDesk}.
 *
 * @param file the configuration that names the places
 */
export async function withDeskAt(
  places: Places,
  file: string | undefined,
  use: (desk: OperatorsDesk) => Promise<void>,
): Promise<void> {
  if (await isListening(places.socket)) return await use(new RemoteDesk(places.socket));
  await using store = await openStore(file, places);
  await use(store.desk);
}

function placesIn(file: string | undefined): Places {
  try {
    return loadPlaces(file);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError(
      error.problems.map((problem) =>
        /denied/i.test(problem.message)
          ? { ...problem, message: `${problem.message}: name the control socket with --socket` }
          : problem
      ),
    );
  }
}
