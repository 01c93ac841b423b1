/**
 * Where connections wait until their proxies have said whose they are.
 * @module
 */
import type { Socket } from "node:net";
import { type HeaderEvents, readProxyHeader } from "../net/read_proxy_header.ts";

/** A connection that waits. */
interface Waiting {
  /** Until when, on the clock of the server. */
  readonly until: number;
  /** To be called when that time is over. */
  readonly late: () => void;
  /** Stops reading, and calls nothing. */
  readonly stop: () => void;
}

/** How to mend a header that is wrong or does not come. */
const REMEDY =
  "let the proxy send a header (`send-proxy` or `send-proxy-v2` in HAProxy), or use a listener without `proxy`";

/** The connections whose header of the PROXY protocol has not come. */
export class Gate {
  readonly #waiting = new Map<Socket, Waiting>();

  get size(): number {
    return this.#waiting.size;
  }

  /** Reads the header of a connection until then. */
  admit(socket: Socket, until: number, { come, failed }: HeaderEvents): void {
    socket.on("error", () => {}); // between two readers, a reset would end the process
    const fail = (reason: string | undefined) => {
      this.#waiting.delete(socket);
      failed(reason && `${reason}: ${REMEDY}`);
    };
    const stop = readProxyHeader(socket, {
      come: (header) => {
        this.#waiting.delete(socket);
        come(header);
      },
      failed: fail,
    });
    const late = () => {
      stop();
      fail("no header of the PROXY protocol came in time");
    };
    this.#waiting.set(socket, { until, late, stop });
  }

  /** To be called every now and then: sends those away that wait too long. */
  sweep(now: number): void {
    for (const { until, late } of this.#waiting.values()) if (now > until) late();
  }

  /** Closes all, which is told to nobody. */
  close(): void {
    for (const [socket, { stop }] of this.#waiting) {
      stop();
      socket.destroy();
    }
    this.#waiting.clear();
  }
}
