import { equal } from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { withoutField } from "../../src/message/without_field.ts";

/** What is left of a message that comes in pieces of so many octets. */
async function leftOf(message: string, piece: number): Promise<string> {
  const octets = Buffer.from(message, "latin1");
  async function* body() {
    for (let at = 0; at < octets.length; at += piece) yield octets.subarray(at, at + piece);
  }
  const left: Uint8Array[] = [];
  for await (const chunk of withoutField(body(), "Return-Path")) left.push(Buffer.from(chunk));
  return Buffer.concat(left).toString("latin1");
}

const CASES: Readonly<Record<string, readonly [message: string, left: string]>> = {
  "no such field": ["A: 1\r\n\r\nx", "A: 1\r\n\r\nx"],
  "in any case, anywhere": [
    "Return-Path: <a>\r\nA: 1\r\nRETURN-path:<b>\r\nreturn-path \t: c\r\nB: 2\r\n\r\nx",
    "A: 1\r\nB: 2\r\n\r\nx",
  ],
  "folded": [
    "A: 1\r\n 2\r\nReturn-Path:\r\n <a>\r\n\t<b>\r\nB: 2\r\n 3\r\n\r\n",
    "A: 1\r\n 2\r\nB: 2\r\n 3\r\n\r\n",
  ],
  "in the header only": [
    "Return-Path: a\r\n\r\nReturn-Path: b\r\n\r\nReturn-Path: c\r\n",
    "\r\nReturn-Path: b\r\n\r\nReturn-Path: c\r\n",
  ],
  "no header": ["\r\nReturn-Path: b\r\n", "\r\nReturn-Path: b\r\n"],
  "other names": [
    "Return-Pat: a\r\nReturn-Paths: b\r\nX-Return-Path: c\r\nReturn-Path\r\nReturn-Path x: d\r\n\r\n",
    "Return-Pat: a\r\nReturn-Paths: b\r\nX-Return-Path: c\r\nReturn-Path\r\nReturn-Path x: d\r\n\r\n",
  ],
  "line ends of Unix": ["Return-Path: a\n b\nA: 1\n\nReturn-Path: c\n", "A: 1\n\nReturn-Path: c\n"],
  "a CR that ends no line": [
    "A: 1\r\n\rReturn-Path: a\r\n\r\n",
    "A: 1\r\n\rReturn-Path: a\r\n\r\n",
  ],
  "all header": ["A: 1\r\nReturn-Path: a", "A: 1\r\n"],
  "a beginning of the name": ["A: 1\r\nReturn-", "A: 1\r\nReturn-"],
  "a name without an end": ["Return-Path" + " ".repeat(2000), "Return-Path" + " ".repeat(2000)],
};

for (const [what, [message, left]] of Object.entries(CASES)) {
  Deno.test(`withoutField() removes the field and nothing else: ${what}`, async () => {
    for (const piece of [1, 2, 3, 7, 1 << 20]) {
      equal(await leftOf(message, piece), left, `${piece}`);
    }
  });
}

Deno.test("withoutField() removes the same in whatever pieces the message comes", async () => {
  const parts = fc.constantFrom("Return-Path", ":", " ", "\r\n", "\r", "\n", "A: 1", "x");
  await fc.assert(fc.asyncProperty(
    fc.array(parts, { maxLength: 20 }).map((all) => all.join("")),
    fc.integer({ min: 1, max: 12 }),
    async (message, piece) => equal(await leftOf(message, piece), await leftOf(message, 1 << 20)),
  ));
});
