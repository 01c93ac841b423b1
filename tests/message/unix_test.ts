import { deepEqual, equal } from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { unixLines } from "../../src/message/unix.ts";

const chunksOf = (...chunks: readonly string[]) =>
  chunks.map((chunk) => Buffer.from(chunk, "latin1"));

async function convert(chunks: readonly Uint8Array[]): Promise<string> {
  async function* body() {
    yield* chunks;
  }
  return Buffer.concat(await Array.fromAsync(unixLines(body()))).toString("latin1");
}

Deno.test("unixLines() changes CRLF and nothing else", async () => {
  for (
    const [given, wanted] of [
      ["", ""],
      ["a\r\nb\r\n", "a\nb\n"],
      ["a\r\n\r\n", "a\n\n"],
      ["a\rb\nc", "a\rb\nc"],
      ["\r\r\n\r", "\r\n\r"],
      ["no end", "no end"],
      ["..\r\nFrom \xff\0\r\n", "..\nFrom \xff\0\n"],
    ] as const
  ) equal(await convert(chunksOf(given)), wanted, JSON.stringify(given));
});

Deno.test("unixLines() sees a CRLF that two chunks share", async () => {
  equal(await convert(chunksOf("a\r", "\nb")), "a\nb");
  equal(await convert(chunksOf("a\r", "", "\nb")), "a\nb");
  equal(await convert(chunksOf("a\r", "\r", "\nb\r")), "a\r\nb\r");
  equal(await convert(chunksOf("a\r", "b")), "a\rb");
});

Deno.test("unixLines() gives the same for any split of the same bytes", async () => {
  const piece = fc.string({ unit: fc.constantFrom("\r", "\n", "a", "."), maxLength: 8 });
  await fc.assert(fc.asyncProperty(fc.array(piece, { maxLength: 12 }), async (pieces) => {
    equal(await convert(chunksOf(...pieces)), pieces.join("").replaceAll("\r\n", "\n"));
  }));
});

Deno.test("unixLines() passes on a chunk without CR as it is", async () => {
  const chunks = chunksOf("text\n");
  async function* body() {
    yield* chunks;
  }
  const [given] = await Array.fromAsync(unixLines(body()));
  deepEqual(given, chunks[0]);
  equal(given, chunks[0]);
});
