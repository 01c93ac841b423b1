/**
 * Replies in what a server sends, however it is cut, and what is none.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { ProtocolFault } from "../../src/client/fault.ts";
import { Replies } from "../../src/client/replies.ts";
import { encode } from "../../src/smtp/ascii.ts";

/** All replies in these chunks. */
function repliesIn(...chunks: readonly (string | Uint8Array)[]) {
  const replies = new Replies();
  for (const chunk of chunks) replies.add(typeof chunk === "string" ? encode(chunk) : chunk);
  const all = [];
  for (let one; (one = replies.take()) !== undefined;) all.push(one);
  return { all, rest: !replies.isEmpty };
}

Deno.test("replies are found, however the octets are cut", () => {
  const octets = encode("220 hi\r\n250-a\r\n250-SIZE 5\r\n250 b\r\n550 5.1.1 no\r\n25");
  const whole = repliesIn(octets);
  assert.deepEqual(whole.all.map(({ code, lines }) => [code, ...lines]), [
    [220, "hi"],
    [250, "a", "SIZE 5", "b"],
    [550, "no"],
  ]);
  assert.equal(whole.rest, true);
  fc.assert(fc.property(fc.array(fc.nat(octets.length), { maxLength: 9 }), (cuts) => {
    const places = [0, ...cuts.toSorted((a, b) => a - b), octets.length];
    const chunks = places.slice(1).map((end, i) => octets.slice(places[i], end));
    assert.deepEqual(repliesIn(...chunks), whole);
  }));
});

Deno.test("an LF alone ends a line, and what is not printable becomes a question mark", () => {
  assert.deepEqual(repliesIn("250-a\n250 b\0\x1b[2J\u00e9\n").all[0]!.lines, ["a", "b??[2J?"]);
});

Deno.test("what is no reply is a fault", () => {
  for (
    const text of [
      "hello\r\n",
      "\r\n",
      "099 no\r\n",
      "250-a\r\n550 b\r\n",
      "250a\r\n",
      "-1\r\n",
      "HTTP/1.1 400 Bad Request\r\n",
    ]
  ) {
    assert.throws(() => repliesIn(text), ProtocolFault, text);
  }
});

Deno.test("a line or a reply without an end is a fault, and needs no memory", () => {
  const megabyte = new Uint8Array(1_000_000).fill(0x61);
  assert.throws(() => repliesIn(megabyte), ProtocolFault);
  const replies = new Replies();
  assert.throws(() => {
    for (let i = 0; i < 10_000; i++) replies.add(encode("250-more and more of it\r\n"));
  }, ProtocolFault);
});

Deno.test("replies that nobody takes are a fault before they need much memory", () => {
  const replies = new Replies();
  const large = encode("250-more and more of it\r\n".repeat(2000) + "250 end\r\n");
  assert.throws(() => {
    for (let i = 0; i < 10; i++) replies.add(large);
  }, ProtocolFault);
  const taken = new Replies();
  for (let i = 0; i < 100; i++) {
    taken.add(large);
    assert.equal(taken.take()?.lines.length, 2001);
  }
});
