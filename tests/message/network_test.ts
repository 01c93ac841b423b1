import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { networkLines } from "../../src/message/network.ts";

async function converted(text: string, size: number): Promise<string> {
  const octets = Buffer.from(text, "latin1");
  const pieces = (async function* () {
    for (let at = 0; at < octets.length; at += size) yield octets.subarray(at, at + size);
  })();
  return Buffer.concat(await Array.fromAsync(networkLines(pieces))).toString("latin1");
}

Deno.test("networkLines() makes each line end CRLF, and changes nothing else, in pieces of any length", async () => {
  for (
    const [file, message] of [
      ["", ""],
      ["\n", "\r\n"],
      ["a\n\nb", "a\r\n\r\nb"],
      ["a\r\nb\nc\r\n", "a\r\nb\r\nc\r\n"],
      ["a\rb\r\r\n\n\r", "a\rb\r\r\n\r\n\r"],
      ["\xff\0\n", "\xff\0\r\n"],
    ] as const
  ) {
    for (const size of [1, 2, 3, 100]) assert.equal(await converted(file, size), message);
  }
});
