/**
 * Messages to a service manager: sd_notify(3), the protocol of systemd.
 * @module
 */
import { unixDatagram } from "../base/datagram.ts";
import { within } from "../base/within.ts";

/** Milliseconds that the manager may take for a datagram. */
const PATIENCE = 1000;

/** The manager that has started this process. Without one, nothing is sent. */
export interface ServiceManager extends Disposable {
  /** The server serves clients now. A reload, which has ended, leaves the status as it was. */
  ready(status?: string): Promise<void>;
  /** The server begins to reload its configuration. */
  reloading(): Promise<void>;
  /** The server cannot start, or cannot go on. */
  failed(reason: string): Promise<void>;
  /** The server has begun to stop. */
  stopping(status: string): Promise<void>;
}

/** Finds the manager by the environment, and removes the variables: programs of the server must not use them. */
export function serviceManager(): ServiceManager {
  const names = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"];
  const [path, microseconds, pid = String(Deno.pid)] = names.map(take);
  const socket = path === undefined ? undefined : unixDatagram();
  const to = { transport: "unixpacket", path: path?.replace(/^@/, "\0") ?? "" } as const;
  const send = async (...assignments: readonly string[]): Promise<void> => {
    const datagram = new TextEncoder().encode(assignments.join("\n"));
    const sent = socket?.send(datagram, to).catch(() => {}); // the manager has ended
    if (sent !== undefined) await within(sent, PATIENCE);
  };
  let watchdog: ReturnType<typeof setInterval> | undefined;
  if (socket !== undefined && microseconds !== undefined && pid === String(Deno.pid)) {
    watchdog = setInterval(() => send("WATCHDOG=1"), Number(microseconds) / 1000 / 2);
    Deno.unrefTimer(watchdog);
  }
  return {
    ready: (status) => send("READY=1", ...status === undefined ? [] : [`STATUS=${status}`]),
    reloading: () => send("RELOADING=1"),
    failed: (reason) => send(`STATUS=${reason.replaceAll("\n", "; ")}`),
    stopping: (status) => send("STOPPING=1", `STATUS=${status}`),
    [Symbol.dispose]: () => {
      clearInterval(watchdog);
      socket?.close();
    },
  };
}

function take(name: string): string | undefined {
  const value = Deno.env.get(name);
  Deno.env.delete(name);
  return value;
}
