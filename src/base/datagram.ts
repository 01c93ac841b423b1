/**
 * Datagrams to programs of this machine.
 *
 * @module
 */

/**
 * A Unix datagram socket to send from. It has an abstract name (unix(7)), which leaves no file; not one that the
 * kernel chooses, since the platform refuses to ask for that where it may not do everything.
 */
export function unixDatagram(): Deno.DatagramConn {
  const path = `\0postmaster-${crypto.randomUUID()}`;
  return Deno.listenDatagram({ transport: "unixpacket", path });
}
