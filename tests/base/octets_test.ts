import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { Octets } from "../../src/base/octets.ts";
import { octetsCopied } from "../copied.ts";

const step = fc.oneof(
  fc.uint8Array({ maxLength: 600 }),
  fc.record({ drop: fc.nat(400) }),
  fc.constant("shrink" as const),
);

Deno.test("Octets has what was added and not dropped, in order", () => {
  fc.assert(fc.property(fc.array(step), (steps) => {
    const octets = new Octets();
    let expected: number[] = [];
    for (const step of steps) {
      if (step === "shrink") octets.shrink();
      else if (step instanceof Uint8Array) {
        octets.add(step);
        expected = expected.concat(...step);
      } else {
        const count = Math.min(step.drop, expected.length);
        octets.drop(count);
        expected = expected.slice(count);
      }
      equal(octets.length, expected.length);
      deepEqual([...octets.all], expected);
    }
  }));
});

Deno.test("Octets copies a few times what is added, in however small pieces that is", () => {
  const octets = new Octets();
  const copied = octetsCopied(() => {
    for (let i = 0; i < 100_000; i++) octets.add(Uint8Array.of(i));
  });
  equal(octets.length, 100_000);
  ok(copied < 400_000, `${copied} octets copied`);
});

Deno.test("Octets does not copy a single chunk, nor write to it when others follow", () => {
  const chunk = new Uint8Array(10).subarray(0, 5);
  const octets = new Octets();
  equal(octetsCopied(() => octets.add(chunk)), 0);
  equal(octets.all, chunk);
  octets.add(Uint8Array.of(1, 2, 3));
  deepEqual([...new Uint8Array(chunk.buffer)], Array(10).fill(0));
});

Deno.test("Octets gives up the memory of what was dropped when it is told to", () => {
  const octets = new Octets();
  octets.add(new Uint8Array(100_000));
  octets.drop(99_000);
  octets.shrink();
  equal(octets.all.buffer.byteLength, 1000);
});

Deno.test("Octets keeps no memory for nothing", () => {
  const octets = new Octets();
  octets.add(new Uint8Array(1000).subarray(1000));
  equal(octets.all.buffer.byteLength, 0);
});
