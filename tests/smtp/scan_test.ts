import assert from "node:assert/strict";
import fc from "fast-check";
import { endOfText, wordsOf } from "../../src/smtp/scan.ts";

/** Octets at the edges of what is looked for, and others. */
const octet = fc.oneof(
  fc.constantFrom(0, 10, 13, 14, 127, 128, 141, 255),
  fc.integer({ min: 14, max: 255 }),
);

Deno.test("endOfText() finds the first octet that is CR or below, wherever the octets lie", () => {
  const octets = fc.array(fc.oneof({ weight: 9, arbitrary: fc.constant(120) }, octet), {
    maxLength: 40,
  });
  fc.assert(
    fc.property(octets, fc.nat(7), fc.nat(40), (values, offset, from) => {
      const memory = new Uint8Array(offset + values.length + 3); // zeros, which are no part of the chunk
      memory.set(values, offset);
      const chunk = memory.subarray(offset, offset + values.length);
      const start = Math.min(from, values.length);
      const found = values.findIndex((value, i) => i >= start && value <= 13);
      assert.equal(endOfText(chunk, wordsOf(chunk), start), found < 0 ? values.length : found);
    }),
    { numRuns: 5000 },
  );
});
