/** `TLS-Required: No` (RFC 8689 section 5). */
import { equal } from "node:assert/strict";
import { Buffer } from "node:buffer";
import { tlsOptional } from "../../src/message/tls_required.ts";

/** A message that comes in pieces of so many octets; it counts how often it was left unread. */
const messageOf = (text: string, piece: number) => ({
  closed: 0,
  async *read() {
    try {
      const octets = Buffer.from(text);
      for (let at = 0; at < octets.length; at += piece) {
        yield await Promise.resolve(octets.subarray(at, at + piece));
      }
    } finally {
      this.closed++;
    }
  },
});

const CASES: readonly (readonly [text: string, optional: boolean])[] = [
  ["Subject: x\r\nTLS-Required: No\r\n\r\nx", true],
  ["tls-required:\r\n nO \r\n\r\nx", true],
  ["TLS-Required: No\r\nTLS-Required: No\r\n\r\n", true],
  ["TLS-Required: No", true],
  ["TLS-Required: No\r\nTLS-Required: Yes\r\n\r\n", false],
  ["TLS-Required: Nope\r\n\r\n", false],
  ["X-TLS-Required: No\r\n\r\n", false],
  ["Subject: x\r\n TLS-Required: No\r\n\r\n", false],
  ["Subject: x\r\n\r\nTLS-Required: No\r\n\r\n", false],
  ["\r\nTLS-Required: No\r\n\r\n", false],
  ["", false],
];

Deno.test("TLS-Required: No is found in the header, however the message comes", async () => {
  for (const [text, optional] of CASES) {
    for (const piece of [1, 7, 1000]) {
      const message = messageOf(text, piece);
      equal(await tlsOptional(message), optional, `${JSON.stringify(text)} by ${piece}`);
      equal(message.closed, 1);
    }
  }
});
