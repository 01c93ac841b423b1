/**
 * Messages as they come in, however their end is found.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Incoming } from "../../src/server/incoming.ts";
import { DEFAULT_LIMITS } from "../../src/server/limits.ts";
import { Memory } from "../../src/message/memory.ts";
import { encode } from "../../src/smtp/ascii.ts";
import { ChunkDecoder } from "../../src/smtp/chunk.ts";

Deno.test("a message may be counted octets, in which a dot and a bare LF mean nothing", async () => {
  const text = "Subject: x\r\n\r\n.\r\na\n";
  const engine = { limits: DEFAULT_LIMITS, memory: new Memory(1e6), clock: { now: 0 } };
  const incoming = new Incoming(
    engine,
    new ChunkDecoder(true),
    () => {},
  );
  incoming.begin({ octets: text.length, last: true });
  assert.equal(incoming.take(encode(text.slice(0, 15))), 15);
  assert.equal(incoming.ended, false);
  const rest = encode(`${text.slice(15)}NOOP\r\n`);
  assert.equal(incoming.take(rest), text.length - 15, "what follows the message is not taken");
  assert.equal(incoming.ended, true);
  let body = "";
  for await (const chunk of incoming.body) body += new TextDecoder().decode(chunk);
  assert.deepEqual([body, incoming.size, incoming.fault], [text, text.length, undefined]);
});
