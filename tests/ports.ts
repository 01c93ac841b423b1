/**
 * Ports of the loopback.
 *
 * @module
 */
import { once } from "node:events";
import { connect } from "node:net";

/**
 * A port of the loopback that is free, for TCP and UDP: any, so that two who look find different ones. It is none of those
 * that the system gives to clients, and to whoever asks for any port: they would take it meanwhile.
 */
export const freePort = (): number => anyFree(10_240, 32_767);

/** The same below 1024. */
export const lowPort = (): number => anyFree(624, 1023);

function anyFree(first: number, last: number): number {
  const hostname = "127.0.0.1";
  for (let tries = 0; tries < 1000; tries++) {
    const port = first + Math.floor(Math.random() * (last - first + 1));
    try {
      using _tcp = Deno.listen({ hostname, port });
      Deno.listenDatagram({ transport: "udp", hostname, port }).close();
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
  throw new Error(`no port from ${first} to ${last} is free`);
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
