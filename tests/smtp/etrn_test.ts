/**
 * The argument of ETRN.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { parseEtrn } from "../../src/smtp/etrn.ts";
import { isFault } from "../../src/smtp/fault.ts";
import { domain, printableText } from "./arbitraries.ts";

Deno.test("parseEtrn() knows the three forms of RFC 1985", () => {
  assert.deepEqual(parseEtrn("mail.Example.ORG"), { node: "mail.example.org", mode: "node" });
  assert.deepEqual(parseEtrn("@Example.org"), { node: "example.org", mode: "subdomains" });
  assert.deepEqual(parseEtrn("#Night_1"), { node: "Night_1", mode: "queue" });
});

Deno.test("parseEtrn() takes nothing else", () => {
  for (
    const bad of [
      ...["", "@", "#", "example", "@example", "a..b", ".a.b", "-a.b", "a_b.example", "a.b c.d"],
      ...["@@a.b", "#@a.b", "@#a", "a@b.example", "[192.0.2.1]", "a.b ", "#a b", "#a;b", "a.b\0"],
      ...[`${"a".repeat(64)}.example`, `#${"a".repeat(256)}`, `${"a.".repeat(200)}example`],
    ]
  ) assert.ok(isFault(parseEtrn(bad)), bad);
});

Deno.test("parseEtrn() takes every full domain, and gives back only names", () => {
  fc.assert(fc.property(domain, fc.constantFrom("", "@"), (name, option) => {
    const isFull = name.includes(".") && !name.startsWith("[");
    const mode = option === "" ? "node" : "subdomains";
    const read = parseEtrn(option + name);
    if (isFull) assert.deepEqual(read, { node: name.toLowerCase(), mode });
    else assert.ok(isFault(read));
  }));
  fc.assert(fc.property(printableText, fc.constantFrom("", "@", "#"), (text, option) => {
    const read = parseEtrn(option + text);
    if (!isFault(read)) assert.match(read.node, /^[\w.-]{1,255}$/);
  }));
});
