import assert from "node:assert/strict";
import { ModuleFault } from "../../src/modules/fault.ts";
import { withPatience } from "../../src/modules/patience.ts";

Deno.test("withPatience() gives what the code gives, at once or later", async () => {
  assert.equal(await withPatience(() => 1), 1);
  assert.equal(await withPatience(() => Promise.resolve(2)), 2);
  await assert.rejects(withPatience(() => Promise.reject(new Error("no"))), /^Error: no$/);
});

Deno.test("withPatience() throws what nobody caught while the code ran", async () => {
  const strays: (() => void)[] = [
    () => void Promise.reject(new Error("stray")),
    () =>
      void setTimeout(() => {
        throw new Error("stray");
      }),
  ];
  for (const stray of strays) {
    await assert.rejects(withPatience(() => (stray(), new Promise(() => {}))), /^Error: stray$/);
  }
});

Deno.test("withPatience() does not wait for ever", async () => {
  await assert.rejects(
    withPatience(() => new Promise(() => {}), 10),
    (error) => error instanceof ModuleFault && /within 0\.01 seconds$/.test(error.problem),
  );
});
