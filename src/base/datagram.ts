/**
 * Datagrams to programs of this machine.
 * @module
 */
import { join } from "node:path";

/** A Unix datagram socket to send from. The platform needs a file for it, which is removed at once. */
export function unixDatagram(): Deno.DatagramConn {
  const directory = Deno.makeTempDirSync({ prefix: "postmaster-" });
  try {
    return Deno.listenDatagram({ transport: "unixpacket", path: join(directory, "socket") });
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}
