/**
 * Ports of the loopback that nobody listens on.
 *
 * @module
 */

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
