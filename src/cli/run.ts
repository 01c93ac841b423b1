/**
 * `postmaster run`: the server, until a signal ends it.
 *
 * @module
 */
import { tmpdir } from "node:os";
import { CachingResolver } from "../dns/caching_resolver.ts";
import { build, type Config, loadConfig, type Overrides } from "../config/mod.ts";
import { openLog } from "../log/open.ts";
import { Server } from "../server/server.ts";
import { DiskStore } from "../store/disk_store.ts";
import { variablesFile } from "../store/table.ts";

/** What the command line may say. */
export interface Flags extends Overrides {
  readonly config?: string;
}

/** The configuration that these flags name, with what they override. */
export function configOf({ config, ...overrides }: Flags): Config {
  return loadConfig(config, overrides);
}

/** Runs a server and returns when it has stopped. */
export async function run(flags: Flags): Promise<void> {
  const config = configOf(flags);
  const { policy, targets } = await build(config);
  const { log, close } = await openLog(config.log);
  try {
    const { hostname, listen, limits } = config;
    const file = variablesFile(config.stateDirectory);
    await using globals = await DiskStore.start({ file, capacity: limits.variables, log });
    const spoolDirectory = tmpdir();
    const server = await Server.start({
      hostname,
      listen,
      limits,
      policy,
      targets,
      globals,
      dns: new CachingResolver(config.dns),
      log,
      spoolDirectory,
    });
    await untilStopped(server);
  } finally {
    await close();
  }
}

const SIGNALS = ["SIGTERM", "SIGINT"] as const;

/** The first signal stops the server, a second one ends it at once. */
async function untilStopped(server: Server): Promise<void> {
  const first = Promise.withResolvers<string>();
  const second = Promise.withResolvers<void>();
  let signals = 0;
  const listeners = SIGNALS.map((signal) => {
    const listener = () => ++signals === 1 ? first.resolve(signal) : second.resolve();
    Deno.addSignalListener(signal, listener);
    return () => Deno.removeSignalListener(signal, listener);
  });
  const reason = await first.promise;
  await Promise.race([server.stop(reason), second.promise]);
  server.kill();
  for (const remove of listeners) remove();
}
