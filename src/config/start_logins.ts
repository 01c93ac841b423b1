/**
 * The logins that a relay keeps alive while the server runs.
 * @module
 */
import type { Log } from "../log/event.ts";
import { serversOf } from "./check_relay.ts";
import type { RelaySettings } from "./relay.ts";

/**
 * Starts the logins of all servers that mail is sent on by, and ends them when it is disposed of.
 *
 * @param stateDirectory where what must survive a restart is kept
 */
export function startLogins(
  relay: RelaySettings | undefined,
  stateDirectory: string,
  log: Log,
): Disposable {
  const stack = new DisposableStack();
  if (relay !== undefined && !("command" in relay)) {
    const logins = new Set(serversOf(relay).map(({ hop }) => hop.login));
    for (const login of logins) stack.use(login?.start?.(stateDirectory, log));
  }
  return stack;
}
