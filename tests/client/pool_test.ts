import assert from "node:assert/strict";
import { Pool, POOL_LIMITS } from "../../src/client/pool.ts";
import type { ClientSession } from "../../src/client/session.ts";

Deno.test("a pool that is closed keeps nothing that is given back later", async () => {
  const ended: string[] = [];
  const session = (name: string) =>
    ({
      usable: true,
      sent: 1,
      most: 100,
      opened: performance.now(),
      quit: () => void ended.push(name),
    }) as unknown as ClientSession;
  const pool = new Pool({ ...POOL_LIMITS, idle: 60_000 });
  pool.give("there", "group", session("first"));
  await pool.close();
  pool.give("there", "group", session("second"));
  assert.deepEqual(ended, ["first", "second"]);
  assert.equal(pool.take("there"), undefined);
});
