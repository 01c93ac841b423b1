import { deepEqual, equal, ok } from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { Chunks } from "../../src/message/chunks.ts";

/** Chunks of all sizes, few of them large. */
const sizes = fc.array(
  fc.oneof({ weight: 5, arbitrary: fc.nat(40) }, { weight: 1, arbitrary: fc.nat(20_000) }),
  { maxLength: 40 },
);

/** A chunk of `size` octets, the first of which is the number `i`. */
const chunkOf = (size: number, i: number): Uint8Array => new Uint8Array(size).fill(i);

function* shifted(chunks: Chunks): Generator<Uint8Array> {
  for (let chunk = chunks.shift(); chunk !== undefined; chunk = chunks.shift()) yield chunk;
}

Deno.test("Chunks gives what was added, in order, whether chunk by chunk or in one piece", () => {
  fc.assert(fc.property(sizes, (sizes) => {
    const added = sizes.map(chunkOf);
    const [one, other] = [new Chunks(), new Chunks()];
    for (const chunk of added) {
      one.add(chunk);
      other.add(chunk);
    }
    const whole = Buffer.concat(added);
    equal(one.length, whole.length);
    equal(whole.compare(Buffer.concat([...shifted(one)])), 0);
    equal(whole.compare(other.take()), 0);
    deepEqual([one.length, other.length, other.take().length], [0, 0, 0]);
  }));
});

Deno.test("Chunks has fewer chunks than one for each 8 KiB, however many were added", () => {
  for (const size of [1, 2, 100, 1000, 8193, 16_384, 16_385]) {
    const chunks = new Chunks();
    for (let i = 0; i < 200_000 / size; i++) chunks.add(chunkOf(size, i));
    const octets = chunks.length;
    const count = [...shifted(chunks)].length;
    ok(count <= octets / 8192 + 1, `${count} chunks of ${octets} octets, added by ${size}`);
  }
});

Deno.test("Chunks leaves what it has given out as it is", () => {
  const chunks = new Chunks();
  chunks.add(Uint8Array.of(1));
  chunks.add(Uint8Array.of(2));
  const first = chunks.shift()!;
  chunks.add(Uint8Array.of(3));
  chunks.add(Uint8Array.of(4));
  const second = chunks.take();
  chunks.add(Uint8Array.of(5));
  deepEqual([[...first], [...second]], [[1, 2], [3, 4]]);
});

Deno.test("Chunks does not copy large chunks", () => {
  const chunks = new Chunks();
  const [one, other] = [new Uint8Array(16_000), new Uint8Array(16_000)];
  chunks.add(one);
  chunks.add(other);
  equal(chunks.shift(), one);
  equal(chunks.shift(), other);
});
