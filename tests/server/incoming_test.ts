/**
 * Messages as they come in, however their end is found.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Incoming } from "../../src/server/incoming.ts";
import { DEFAULT_LIMITS } from "../../src/server/limits.ts";
import { Memory } from "../../src/server/memory.ts";
import { encode } from "../../src/smtp/ascii.ts";
import type { BodyDecoder } from "../../src/smtp/body_decoder.ts";

/** A message of so many octets, whatever they are. */
class Counted implements BodyDecoder {
  #left: number;
  readonly malformed = undefined;
  readonly longest = 0;

  constructor(octets: number) {
    this.#left = octets;
  }

  get ended(): boolean {
    return this.#left === 0;
  }

  decode(chunk: Uint8Array, emit: (decoded: Uint8Array) => void): number {
    const mine = chunk.subarray(0, this.#left);
    this.#left -= mine.length;
    if (mine.length > 0) emit(mine);
    return mine.length;
  }
}

Deno.test("a message may be counted octets, in which a dot and a bare LF mean nothing", async () => {
  const text = "Subject: x\r\n\r\n.\r\na\n";
  const engine = { limits: DEFAULT_LIMITS, memory: new Memory(1e6), clock: { now: 0 } };
  const incoming = new Incoming(engine, new Counted(text.length), () => {});
  assert.equal(incoming.take(encode(text.slice(0, 15))), 15);
  assert.equal(incoming.ended, false);
  const rest = encode(`${text.slice(15)}NOOP\r\n`);
  assert.equal(incoming.take(rest), text.length - 15, "what follows the message is not taken");
  assert.equal(incoming.ended, true);
  let body = "";
  for await (const chunk of incoming.body) body += new TextDecoder().decode(chunk);
  assert.deepEqual([body, incoming.size, incoming.fault], [text, text.length, undefined]);
});
