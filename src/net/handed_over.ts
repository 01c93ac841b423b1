/**
 * Sockets that a service manager has opened for the server: socket activation (sd_listen_fds(3)).
 * @module
 */

/** The descriptor of the first of them. */
export const FIRST_HANDED_OVER = 3;

/** Throws an Error unless a socket was handed over to this process under this descriptor. */
export function checkHandedOver(fd: number): void {
  const handed = Number(Deno.env.get("LISTEN_FDS") ?? 0);
  const pid = Number(Deno.env.get("LISTEN_PID") ?? 0);
  if (pid === Deno.pid && fd < FIRST_HANDED_OVER + handed) return;
  const why = handed === 0
    ? "no socket was handed over: start the server by its socket unit (LISTEN_FDS is not set)"
    : pid === Deno.pid
    ? `${handed} sockets were handed over, up to fd:${FIRST_HANDED_OVER + handed - 1}`
    : `the sockets were handed over to another process, ${pid}: let it be the server itself`;
  throw new Error(`cannot listen on fd:${fd}: ${why}`);
}
