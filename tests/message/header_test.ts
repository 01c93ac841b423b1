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

Deno.test("prepend() puts text before the message and leaves its chunks alone", async () => {
  const chunks = [encode("one"), encode("two")];
  async function* body() {
    yield* chunks;
  }
  deepEqual(await Array.fromAsync(prepend(body(), "A: b\r\n")), [encode("A: b\r\n"), ...chunks]);
  deepEqual(await Array.fromAsync(prepend(body(), "")), chunks);
});
