import { deepEqual, equal, notEqual } from "node:assert/strict";
import fc from "fast-check";
import { check, message, rsaKey, signature, signed } from "./signed.ts";

const key = rsaKey();
const keys = { "one._domainkey.example.net": key.record };
const FROM = "From: joe@example.net\r\n";

/** Cost that grows with the square of these would take minutes. */
const LONG = 900_000;

Deno.test("checkSignatures() takes headers of any kind up to a mebibyte, and finds no more than they say", async () => {
  const cover = (fields: string, h: string, c: string) => {
    const one = signature({ key, fields, tags: { c, h } });
    return message(new Array(10).fill(one), { fields });
  };
  const hostile = [
    message(new Array(1000).fill(signature({ key }))),
    message([signature({ key })], { fields: FROM + "a:\r\n".repeat(LONG / 4) }),
    message([signature({ key })], { fields: `${FROM}a:${"\r\n x".repeat(LONG / 4)}\r\n` }),
    message([signature({ key })], { fields: `${FROM}a:${" ".repeat(LONG)}b\r\n` }),
    message([signature({ key })], { fields: `${FROM}a:${"\r".repeat(LONG)}b\r\n` }),
    message([signature({ key, tags: { h: `from:${"a:".repeat(LONG / 2)}b` } })]),
    message([signature({ key, tags: { z: `a${" ".repeat(LONG)}b` } })]),
    message(new Array(10).fill(signature({ key, tags: { z: `a${"\r".repeat(15_000)}b` } }))),
    message(new Array(10).fill(signature({ key, garbage: "a=;".repeat(5000) }))),
    cover(FROM + "a:\r\n".repeat(150_000), `from:${"a:".repeat(7000)}b`, "relaxed/relaxed"),
    cover(`${FROM}a: ${"b ".repeat(400_000)}\r\n`, "from:a", "relaxed/relaxed"),
    cover(`${FROM}a: ${"\r\n ".repeat(250_000)}b\r\n`, "from:a", "simple/simple"),
    FROM.repeat(40_000) + "\r\n",
    `From: ${"<".repeat(16_000)}\r\n\r\n`,
    `From: ${"a:b,;".repeat(3000)}\r\n\r\n`,
    `From: ${"(".repeat(LONG)}\r\n\r\n`,
    "ARC-Seal: i=1; cv=none; a=rsa-sha256; d=x.example; s=y; b=AA\r\n".repeat(14_000) + message([]),
    `ARC-Authentication-Results: ${"( ) ".repeat(4000)}i=1;\r\n`.repeat(50) + message([]),
  ];
  for (const [number, text] of hostile.entries()) {
    const { dkim, arc } = await check(text, keys, { piece: 65_536 });
    equal(dkim.length <= 10, true);
    notEqual(arc.result, "pass", String(number));
  }
});

Deno.test("checkSignatures() finds nothing, and no author, in a header of more than a mebibyte", async () => {
  const fields = `${FROM}X: ${"x".repeat(1024 * 1024)}\r\n`;
  const { dkim, arc, authors } = await check(signed({ key, fields }), keys);
  deepEqual({ dkim, arc: arc.result, authors }, { dkim: [], arc: "none", authors: [] });
});

const tagList = fc.array(
  fc.tuple(
    fc.constantFrom(..."vabcdhilqstxz", "bh", "cv", "i", "", "B", "__proto__", "constructor"),
    fc.constantFrom("=", " = ", "", "=="),
    fc.oneof(
      fc.constantFrom("1", "rsa-sha256", "example.net", "one", "from", "relaxed/relaxed", "none"),
      fc.string(),
    ),
  ).map((parts) => parts.join("")),
  { maxLength: 15 },
).map((tags) => tags.join("; ").replace(/[\r\n]/g, "\r\n "));

Deno.test("checkSignatures() passes no garbage, and bears it", async () => {
  const names = fc.constantFrom(
    ...["DKIM-Signature", "ARC-Seal", "ARC-Message-Signature", "ARC-Authentication-Results"],
  );
  const fields = fc.array(fc.tuple(names, tagList).map(([name, tags]) => `${name}: ${tags}\r\n`));
  await fc.assert(fc.asyncProperty(fields, fc.string(), async (fields, record) => {
    const text = fields.join("") + message([]);
    const { dkim, arc } = await check(text, { "one._domainkey.example.net": record });
    deepEqual(dkim.filter(({ result }) => result === "pass"), []);
    notEqual(arc.result, "pass");
    for (const { domain, selector, identity, signature } of dkim) {
      equal(/^[!-~]*$/.test(domain + selector + identity + signature), true);
    }
  }));
});
