import { deepEqual, equal, throws } from "node:assert/strict";
import { headerField, prepend } from "../../src/message/header.ts";
import { encode } from "../../src/smtp/ascii.ts";

Deno.test("headerField() gives a field with its CRLF", () => {
  equal(headerField("X-Spam", "no"), "X-Spam: no\r\n");
  equal(headerField("Return-Path", "<>"), "Return-Path: <>\r\n");
  equal(headerField("!~", ""), "!~: \r\n");
});

Deno.test("headerField() rejects what is no field name", () => {
  for (const name of ["", "a b", "a:", "a\r\nb", "ä", "a\0", "a\n"]) {
    throws(() => headerField(name, "x"), TypeError, JSON.stringify(name));
  }
});

Deno.test("headerField() says which octet must not be in a value, and where", () => {
  throws(() => headerField("A", "b\r\nC: d"), { name: "TypeError", message: /"\\r" at 1 .* A$/ });
  throws(() => headerField("A", "bc\n"), { message: /"\\n" at 2/ });
  throws(() => headerField("A", "\0"), { message: /"\\u0000" at 0/ });
});

Deno.test("prepend() puts fields before the message and leaves its chunks alone", async () => {
  const chunks = [encode("C: d\r\n\r\none"), encode("two")];
  async function* body() {
    yield* chunks;
  }
  deepEqual(await Array.fromAsync(prepend(body(), "A: b\r\n")), [encode("A: b\r\n"), ...chunks]);
  deepEqual(await Array.fromAsync(prepend(body(), "")), chunks);
});

Deno.test("prepend() lets nothing that the message begins with continue the fields", async () => {
  const cases: Record<string, string> = {
    " c\r\n\r\n": "\r\n c\r\n\r\n",
    "c\r\n": "\r\nc\r\n",
    "c": "\r\nc",
    "": "",
    "From c\r\n d\r\n": "X-Mailbox-Line: From c\r\n\r\n d\r\n",
  };
  for (const [message, passed] of Object.entries(cases)) {
    const pieces = await Array.fromAsync(prepend(inOctets(message), "A: b\r\n"));
    equal(pieces.map((piece) => new TextDecoder().decode(piece)).join(""), `A: b\r\n${passed}`);
  }
});

async function* inOctets(message: string) {
  for (const char of message) yield encode(char);
}
