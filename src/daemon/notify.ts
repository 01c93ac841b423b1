/**
 * Messages to a service manager: sd_notify(3), the protocol of systemd.
 *
 * @module
 */
import { unixDatagram } from "../base/datagram.ts";
import { within } from "../base/within.ts";

/** Milliseconds that the manager may take for a datagram. */
const PATIENCE = 1000;

/** The manager that has started this process, or nobody. */
export class ServiceManager implements Disposable {
  readonly #socket: Deno.DatagramConn | undefined;
  readonly #to: Deno.UnixAddr;
  readonly #watchdog: ReturnType<typeof setInterval> | undefined;

  private constructor(path: string | undefined, watchdog: number | undefined) {
    this.#to = { transport: "unixpacket", path: path?.replace(/^@/, "\0") ?? "" };
    if (path === undefined) return;
    this.#socket = unixDatagram();
    if (watchdog === undefined) return;
    this.#watchdog = setInterval(() => this.#send("WATCHDOG=1"), watchdog / 2);
    Deno.unrefTimer(this.#watchdog);
  }

  /** Finds the manager by the environment, and removes the variables: programs of the server must not use them. */
  static find(): ServiceManager {
    const [socket, microseconds, pid] = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"].map(
      take,
    );
    const watched = microseconds !== undefined && (pid ?? String(Deno.pid)) === String(Deno.pid);
    return new ServiceManager(socket, watched ? Number(microseconds) / 1000 : undefined);
  }

  /** The server serves clients now. */
  ready(status: string): Promise<void> {
    return this.#send("READY=1", `STATUS=${status}`);
  }

  /** The server has begun to stop. */
  stopping(status: string): Promise<void> {
    return this.#send("STOPPING=1", `STATUS=${status}`);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#watchdog);
    this.#socket?.close();
  }

  async #send(...assignments: readonly string[]): Promise<void> {
    const datagram = new TextEncoder().encode(assignments.join("\n"));
    const sent = this.#socket?.send(datagram, this.#to).catch(() => {}); // the manager has ended
    if (sent !== undefined) await within(sent, PATIENCE);
  }
}

function take(name: string): string | undefined {
  const value = Deno.env.get(name);
  Deno.env.delete(name);
  return value;
}
