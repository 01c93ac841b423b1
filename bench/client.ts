/**
 * What clients of the measured servers share.
 *
 * @module
 */

/** Writes all of it. */
export async function write(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
}
