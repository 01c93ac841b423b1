/**
 * The files with what is kept of sessions.
 *
 * @module
 */
import assert from "node:assert/strict";
import { appendFileSync, truncateSync } from "node:fs";
import { type Batch } from "../../src/explain/frame.ts";
import { partsIn } from "../../src/explain/reader.ts";
import { Segments, segmentsIn } from "../../src/explain/segments.ts";
import { hashOf } from "../../src/explain/terms.ts";
import { Directory } from "../running.ts";

/** A batch with one part, which is `octets` long and hardly smaller when it is compressed. */
function batchOf(session: string, time: number, octets = 0): Batch {
  const noise = crypto.getRandomValues(new Uint8Array(octets)).toBase64();
  const part = {
    ...{ session, part: 0, begun: time, until: time, refused: false, last: true, events: [] },
    ...{ peer: { address: "192.0.2.7", port: 1 }, noise },
  };
  const hashes = Uint32Array.of(hashOf("id", session), hashOf("client", "192.0.2.7"));
  return { text: `${JSON.stringify(part)}\n`, first: time, last: time, hashes };
}

const idsIn = (
  { path }: Directory,
  wanted = {},
  order: "oldest first" | "newest first" = "oldest first",
) => partsIn(path, wanted, order).map(({ session }) => session).toArray();

Deno.test("sessions are found by their terms and times, in both orders", () => {
  using directory = new Directory();
  const segments = new Segments(directory.path, { keep: 1e12, size: 1e6 });
  for (const [i, id] of ["A", "B", "C"].entries()) segments.write(batchOf(id, 100 * i), 1000 + i);
  assert.deepEqual(idsIn(directory), ["A", "B", "C"]);
  assert.deepEqual(idsIn(directory, {}, "newest first"), ["C", "B", "A"]);
  assert.deepEqual(idsIn(directory, { id: "B" }), ["B"]);
  assert.deepEqual(idsIn(directory, { since: 50, until: 150 }), ["B"]);
  assert.deepEqual(idsIn(directory, { client: "192.0.2.8" }), []);
  segments.close();
});

Deno.test("the files stay below their size, and the oldest go first", () => {
  using directory = new Directory();
  const size = 1024 * 1024;
  const segments = new Segments(directory.path, { keep: 1e12, size });
  for (let i = 0; i < 60; i++) segments.write(batchOf(`S${i}`, i, 30_000), 1000 + i);
  const octets = directory.list().reduce(
    (sum, name) => sum + Deno.statSync(directory.of(name)).size,
    0,
  );
  assert.ok(octets <= size, `${octets} octets`);
  const ids = idsIn(directory);
  assert.equal(ids.at(-1), "S59");
  assert.ok(ids.length > 20 && !ids.includes("S0"));
  for (const name of directory.list()) {
    assert.equal(Deno.statSync(directory.of(name)).mode! & 0o777, 0o600);
  }
  segments.close();
});

Deno.test("what is too old goes, also while there is room", () => {
  using directory = new Directory();
  const segments = new Segments(directory.path, { keep: 16_000, size: 1e6 });
  const now = Date.now();
  for (const [id, later] of [["A", 0], ["B", 2_000], ["C", 15_000], ["D", 20_000]] as const) {
    segments.write(batchOf(id, later), now + later);
    const [file] = segmentsIn(directory.path).slice(-1); // written at its time
    Deno.utimeSync(directory.of(file!), (now + later) / 1000, (now + later) / 1000);
  }
  assert.deepEqual(idsIn(directory), ["C", "D"]);
  segments.close();
});

Deno.test("what a crash or a full disk has left of a frame hides nothing else", () => {
  using directory = new Directory();
  const keeping = { keep: 1e12, size: 1e6 };
  for (const [i, id] of ["A", "B"].entries()) {
    const segments = new Segments(directory.path, keeping);
    segments.write(batchOf(id, i), 1000 + i);
    segments.write(batchOf(`${id}-torn`, i), 1000 + i);
    segments.close();
  }
  const [first, second] = segmentsIn(directory.path).map(directory.of);
  truncateSync(first!, Deno.statSync(first!).size - 5);
  appendFileSync(second!, new Uint8Array(100));
  assert.deepEqual(idsIn(directory), ["A", "B", "B-torn"]);
});
