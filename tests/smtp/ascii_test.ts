/**
 * Bytes and ASCII.
 *
 * @module
 */
import assert from "node:assert/strict";
import { characters, lower, text, upper } from "../../src/smtp/ascii.ts";

Deno.test("upper() and lower() change ASCII letters only", () => {
  assert.equal(upper("startTLS-é"), "STARTTLS-é");
  assert.equal(lower("STARTtls-É"), "starttls-É");
  assert.equal(upper("ſtarttls"), "ſTARTTLS"); // toUpperCase makes STARTTLS of it
  assert.equal(lower("\u212aELVIN"), "\u212aelvin"); // toLowerCase makes kelvin of it
  assert.equal(upper("ı"), "ı");
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
