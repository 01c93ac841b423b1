/**
 * Ports of the loopback.
 *
 * @module
 */
import { once } from "node:events";
import { connect } from "node:net";

/** A port of the loopback that is free. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** A port below 1024 of the loopback that is free: any, so that two who look find different ones. */
export function lowPort(): number {
  for (let tries = 0; tries < 1000; tries++) {
    const port = 1023 - Math.floor(Math.random() * 400);
    try {
      Deno.listen({ hostname: "127.0.0.1", port }).close();
      return port;
    } catch { /* taken */ }
  }
  throw new Error("no port below 1024 is free");
}

/** Whether a server listens at a port of this machine. */
export async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
