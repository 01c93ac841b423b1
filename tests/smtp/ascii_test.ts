/**
 * Bytes and ASCII.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  allPrintable,
  characters,
  isAtext,
  isDcontent,
  isLetDig,
  isPrintable,
  isQtext,
  lower,
  text,
  upper,
} from "../../src/smtp/ascii.ts";

const CLASSES: readonly [string, (byte: number | undefined) => boolean, RegExp][] = [
  ["isLetDig", isLetDig, /[0-9A-Za-z]/],
  ["isAtext", isAtext, /[0-9A-Za-z!#$%&'*+\-/=?^_`{|}~]/],
  ["isQtext", isQtext, /[\x20-\x21\x23-\x5b\x5d-\x7e]/],
  ["isDcontent", isDcontent, /[\x21-\x5a\x5e-\x7e]/],
  ["isPrintable", isPrintable, /[\x20-\x7e]/],
];

for (const [name, is, pattern] of CLASSES) {
  Deno.test(`${name}() knows its bytes, and nothing beyond them`, () => {
    for (let code = 0; code < 0x10000; code++) {
      assert.equal(is(code), code < 128 && pattern.test(String.fromCharCode(code)), `${code}`);
    }
    assert.equal(is(undefined), false);
  });
}

Deno.test("upper() and lower() change ASCII letters only", () => {
  assert.equal(upper("startTLS-é"), "STARTTLS-é");
  assert.equal(lower("STARTtls-É"), "starttls-É");
  assert.equal(upper("ſtarttls"), "ſTARTTLS"); // toUpperCase makes STARTTLS of it
  assert.equal(lower("\u212aELVIN"), "\u212aelvin"); // toLowerCase makes kelvin of it
  assert.equal(upper("ı"), "ı");
});

Deno.test("allPrintable() finds one bad byte", () => {
  const line = new Uint8Array(100).fill(0x61);
  assert.ok(allPrintable(line));
  for (const bad of [0, 0x0a, 0x0d, 0x1f, 0x7f, 0x80, 0xff]) {
    assert.equal(allPrintable(line.with(99, bad)), false, `${bad}`);
  }
});

Deno.test("text() is UTF-8, and shows what is none", () => {
  assert.equal(text(new TextEncoder().encode("\ufeffNOOP é😀"), 3), "NOOP é😀");
  assert.equal(text(new TextEncoder().encode("\ufeffé")), "\ufeffé");
  assert.equal(text(Uint8Array.of(0x61, 0xe4, 0x62)), "a\ufffdb");
  assert.equal(characters(Uint8Array.of(0x61, 0xe4, 0xc3, 0xa4)), "a\xe4\xc3\xa4");
});

Deno.test("text() takes a part", () => {
  assert.equal(text(Uint8Array.of(0x61, 0x62, 0x63, 0x64), 1, 3), "bc");
  assert.equal(text(Uint8Array.of(0x61), 1, 1), "");
});
