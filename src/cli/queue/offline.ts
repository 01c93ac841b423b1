/**
 * The queue while no server runs.
 * @module
 */
import { existsSync } from "node:fs";
import { findAccount } from "../../base/passwd.ts";
import { build, loadConfig, type Places } from "../../config/mod.ts";
import { credentialsOf, startedByRoot } from "../../daemon/credentials.ts";
import { become } from "../../daemon/privileges.ts";
import { Memory } from "../../message/memory.ts";
import { type OperatorsDesk, operatorsDesk } from "../../queue/desk.ts";
import { QueueTaken } from "../../queue/sqlite/lock.ts";
import { SqliteStore } from "../../queue/sqlite/sqlite_store.ts";
import type { Targets } from "../../targets/target.ts";

/** An open store. */
export interface OpenStore extends AsyncDisposable {
  readonly desk: OperatorsDesk;
}

/** For messages that come; none does. */
const MEMORY = 1024 * 1024;

/**
 * Opens the store of the queue, as the user to whom it belongs. It makes none.
 *
 * @param file the configuration
 * @throws {Error} with what to do if there is none, or it cannot be used
 */
export async function openStore(
  file: string | undefined,
  { queue, socket }: Places,
): Promise<OpenStore> {
  if (queue === undefined) throw new Error("a server with `queue: none` has no queue");
  const { directory, reserve } = queue;
  if (!existsSync(directory)) {
    throw new Error(`no server listens at ${socket}, and there is no queue in ${directory}`);
  }
  await becomeOwner(directory, "the queue");
  const store = await open(socket, { directory, reserve, memory: new Memory(MEMORY) });
  return {
    desk: operatorsDesk(store, () => targetsIn(file), () => store.trouble),
    [Symbol.asyncDispose]: () => store.close(),
  };
}

/**
 * Root becomes the user to whom a directory of the server belongs: what root made there, the server could not use.
 *
 * @param what what is in it
 * @throws {Error} for another user
 */
export async function becomeOwner(directory: string, what: string): Promise<void> {
  const { uid, gid } = Deno.statSync(directory);
  if (uid === Deno.uid()) return;
  const account = findAccount(uid!);
  if (!startedByRoot()) {
    throw new Error(
      `${what} in ${directory} belongs to the user ${account?.name ?? uid}: run this as root or ` +
        "as that user",
    );
  }
  const owner = { user: uid!, group: account === undefined ? gid! : undefined };
  await become(credentialsOf(owner), { handlers: [] });
}

async function open(
  socket: string,
  options: Parameters<typeof SqliteStore.open>[0],
): Promise<SqliteStore> {
  try {
    return await SqliteStore.open(options);
  } catch (error) {
    if (!(error instanceof QueueTaken)) throw error;
    throw new Error(
      `process ${error.holder} has the queue in ${options.directory}, and does not listen at ` +
        `${socket}: a server that starts or stops, or the command of another operator: try again`,
    );
  }
}

/** The targets of the configuration, and those of its handlers. */
async function targetsIn(file: string | undefined): Promise<Targets> {
  const { targets } = await build(loadConfig(file));
  return targets;
}
