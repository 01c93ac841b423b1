/**
 * One question to a filter and its answer, over a connection of their own.
 * @module
 */
import { Buffer } from "node:buffer";
import type { FilterAddress } from "./address.ts";
import { faultOf, FilterFault } from "./failure.ts";

/** How a question is asked. */
export interface Exchange {
  readonly address: FilterAddress;
  /** What is sent. */
  readonly question: AsyncIterable<Uint8Array>;
  /** The octet that ends the answer; without it, the filter ends the connection. */
  readonly last?: number;
  /** The most octets of an answer. */
  readonly most: number;
  readonly signal: AbortSignal;
}

/**
 * Asks, and returns the answer with its last octet. A filter may answer before it has all of the question, and close.
 *
 * @throws {FilterFault}
 */
export async function exchange(
  { address, question, last, most, signal }: Exchange,
): Promise<Buffer> {
  const connection = await connected(address, signal);
  let isClosed = false;
  const close = () => {
    if (!isClosed) connection.close();
    isClosed = true;
  };
  signal.addEventListener("abort", close);
  let broken: unknown;
  const writing = (async () => {
    for await (const chunk of question) {
      if (isClosed || !await written(connection, chunk)) return;
    }
    if (last === undefined && !isClosed) await connection.closeWrite().catch(() => {});
  })().catch((error) => {
    broken = error;
    close();
  });
  try {
    return await answerOn(connection, last, most);
  } catch (error) {
    throw broken ?? error;
  } finally {
    signal.removeEventListener("abort", close);
    close();
    await writing;
  }
}

async function connected(address: FilterAddress, signal: AbortSignal): Promise<Deno.Conn> {
  const connecting = "path" in address
    ? Deno.connect({ transport: "unix", path: address.path })
    : Deno.connect({ hostname: address.host, port: address.port });
  const late = Promise.withResolvers<never>();
  const leave = () => late.reject(new FilterFault("it does not take a connection"));
  signal.addEventListener("abort", leave);
  if (signal.aborted) leave();
  try {
    return await Promise.race([connecting, late.promise]);
  } catch (error) {
    connecting.then((connection) => connection.close(), () => {});
    throw faultOf(error);
  } finally {
    signal.removeEventListener("abort", leave);
  }
}

/** Writes all of a chunk; false if the filter takes nothing any more. */
async function written(connection: Deno.Conn, chunk: Uint8Array): Promise<boolean> {
  try {
    for (let at = 0; at < chunk.length;) at += await connection.write(chunk.subarray(at));
    return true;
  } catch {
    return false;
  }
}

async function answerOn(
  connection: Deno.Conn,
  last: number | undefined,
  most: number,
): Promise<Buffer> {
  const octets = Buffer.alloc(most + 1);
  for (let length = 0; length <= most;) {
    const count = await connection.read(octets.subarray(length)).catch((error) => {
      throw faultOf(error);
    });
    if (count === null) {
      if (last === undefined && length > 0) return octets.subarray(0, length);
      throw new FilterFault("it closes the connection without an answer");
    }
    const end = last === undefined ? -1 : octets.subarray(length, length + count).indexOf(last);
    if (end >= 0) return octets.subarray(0, length + end + 1);
    length += count;
  }
  throw new FilterFault("its answer is too long");
}
