import assert from "node:assert/strict";
import { killOften } from "./kills.ts";

Deno.test("a server that is killed again and again delivers all that it has accepted", async () => {
  const { accepted, lost, again, explained } = await killOften(3, 6, Date.now());
  assert.deepEqual(lost, []);
  assert.ok(accepted > 0);
  assert.ok(again <= explained, `${again} deliveries too many, ${explained} are explained`);
});
