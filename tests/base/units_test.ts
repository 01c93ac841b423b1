import assert from "node:assert/strict";
import fc from "fast-check";
import { parseDuration, parseSize, printDuration, printSize } from "../../src/base/units.ts";

const naturals = fc.maxSafeNat();

Deno.test("parseSize() reads octets, kilobytes and kibibytes", () => {
  const sizes = {
    "512": 512,
    "1kB": 1000,
    "1 KiB": 1024,
    "10MB": 10e6,
    "1.5 mib": 1572864,
    "0": 0,
  };
  for (const [text, octets] of Object.entries(sizes)) assert.equal(parseSize(text), octets, text);
});

Deno.test("parseSize() refuses what is no size", () => {
  for (
    const text of [
      "",
      "MiB",
      "5 min",
      "-1",
      "1,5 MB",
      "0x10",
      "1e3",
      " 5",
      "5 MiB ",
      "9e99",
      "9".repeat(20),
    ]
  ) {
    assert.throws(
      () => parseSize(text),
      { message: /is not a size: write .* such as `50 MiB`/ },
      text,
    );
  }
});

Deno.test("parseDuration() reads every unit", () => {
  const durations = {
    "250 ms": 250,
    "30s": 30_000,
    "5 min": 300_000,
    "1 h": 3_600_000,
    "0": 0,
    "1.5 s": 1500,
  };
  for (const [text, ms] of Object.entries(durations)) assert.equal(parseDuration(text), ms, text);
});

Deno.test("parseDuration() refuses what is no duration, a bare number too", () => {
  for (const text of ["", "5", "5 m", "min", "5 MiB", "-5 s", "5 s 3 ms"]) {
    assert.throws(
      () => parseDuration(text),
      { message: /is not a duration: .* such as `5 min`/ },
      text,
    );
  }
});

Deno.test("printSize() is the inverse of parseSize()", () => {
  assert.equal(printSize(50 * 1024 * 1024), "50 MiB");
  assert.equal(printSize(0), "0 B");
  fc.assert(fc.property(naturals, (n) => assert.equal(parseSize(printSize(n)), n)));
});

Deno.test("printDuration() is the inverse of parseDuration()", () => {
  assert.equal(printDuration(300_000), "5 min");
  assert.equal(printDuration(0), "0 ms");
  fc.assert(fc.property(naturals, (n) => assert.equal(parseDuration(printDuration(n)), n)));
});
