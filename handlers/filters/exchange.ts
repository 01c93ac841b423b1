/**
 * One question to a filter and its answer, over a connection of their own.
 * @module
 */
import { Buffer } from "node:buffer";
import { connect, type NetConnectOpts } from "node:net";
import type { FilterAddress } from "./address.ts";
import { FilterFault } from "./failure.ts";

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
 * Asks, and returns the answer with its last octet. A filter may answer before it has all of the question.
 *
 * @throws {FilterFault}
 */
export async function exchange(
  { address, question, last, most, signal }: Exchange,
): Promise<Buffer> {
  const answer = Promise.withResolvers<Buffer>();
  const fail = (reason: string) => answer.reject(new FilterFault(reason));
  const socket = connect({ ...address } as NetConnectOpts);
  let room = Promise.withResolvers<void>();
  let isOver = false;
  const received: Buffer[] = [];
  let octets = 0;
  const leave = () => fail("nobody waits for it any more");
  socket.on("data", (piece: Buffer) => {
    octets += piece.length;
    received.push(piece);
    if (octets > most) fail("its answer is too long");
    else if (last !== undefined && piece.includes(last)) answer.resolve(Buffer.concat(received));
  });
  socket.on("end", () => {
    if (last === undefined && octets > 0) answer.resolve(Buffer.concat(received));
    else fail("it closes the connection without an answer");
  });
  socket.on("error", (error) => fail(`the connection fails: ${error.message}`));
  socket.on("close", () => fail("the connection is closed"));
  socket.on("drain", () => room.resolve());
  signal.addEventListener("abort", leave);
  if (signal.aborted) leave();

  const writing = (async () => {
    for await (const chunk of question) {
      if (isOver) return;
      if (socket.write(chunk)) continue;
      await room.promise;
      room = Promise.withResolvers();
    }
    if (last === undefined) socket.end();
  })();
  writing.catch(answer.reject);
  try {
    return await answer.promise;
  } finally {
    isOver = true;
    room.resolve();
    signal.removeEventListener("abort", leave);
    socket.destroy();
    await writing.catch(() => {});
  }
}
