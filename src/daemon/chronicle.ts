/**
 * What is kept of the sessions of a server of this process.
 * @module
 */
import type { Config } from "../config/mod.ts";
import { sessionsDirectory } from "../config/kept_sessions.ts";
import { Chronicle } from "../explain/chronicle.ts";
import type { Recorder } from "../handler/recorder.ts";
import type { SessionState } from "../handler/session.ts";
import type { Log } from "../log/event.ts";

/** Begins to keep sessions, if the configuration says so. `opened` ends it. */
export function startChronicle(
  { explain, stateDirectory }: Config,
  log: Log,
  opened: AsyncDisposableStack,
): ((session: SessionState) => Recorder) | undefined {
  if (explain === undefined) return undefined;
  const chronicle = new Chronicle({
    ...explain,
    directory: sessionsDirectory(stateDirectory),
    log,
  });
  opened.defer(() => chronicle.close());
  return (session) => chronicle.begin(session);
}
