/**
 * A log whose reader takes nothing: it costs lines, never the server.
 *
 * @module
 */
import assert from "node:assert/strict";
import { type Destination, Lines } from "../../src/log/lines.ts";

/** A destination that takes octets only when it is told to. */
class Stuck implements Destination {
  readonly mayRecover = true;
  readonly #open = Promise.withResolvers<void>();
  text = "";

  async write(octets: Uint8Array): Promise<number> {
    await this.#open.promise;
    this.text += new TextDecoder().decode(octets);
    return octets.length;
  }

  lost(lines: number): string {
    return `lost ${lines}`;
  }

  release(): void {
    this.#open.resolve();
  }
}

Deno.test("lines that nobody takes are kept up to 4 MiB; later ones are lost, and counted", async () => {
  const to = new Stuck();
  const lines = new Lines(to);
  const line = "x".repeat(1023);
  for (let i = 0; i < 5000; i++) {
    lines.add(line);
    lines.flush();
  }
  assert.equal(lines.octets, 4 * 1024 * 1024);
  to.release();
  while (lines.octets > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  lines.add("after");
  await lines.close();
  assert.deepEqual(to.text.split("\n").slice(4095), [line, `lost ${5000 - 4096}`, "after", ""]);
});

Deno.test("closing does not wait for a reader that takes nothing", async () => {
  const to = new Stuck();
  const lines = new Lines(to);
  lines.add("never read");
  await lines.close();
  assert.equal(to.text, "");
  to.release();
});

Deno.test("lines are written in order, however few octets are taken at once", async () => {
  let text = "";
  const lines = new Lines({
    mayRecover: false,
    lost: String,
    write: (octets) => {
      text += new TextDecoder().decode(octets.subarray(0, 3));
      return Promise.resolve(Math.min(3, octets.length));
    },
  });
  for (const word of ["one", "two", "three", "four"]) {
    lines.add(word);
    lines.flush();
  }
  await lines.close();
  assert.equal(text, "one\ntwo\nthree\nfour\n");
  assert.equal(lines.octets, 0);
});
