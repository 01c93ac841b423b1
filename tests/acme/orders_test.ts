import assert from "node:assert/strict";
import type { Order } from "../../src/acme/messages.ts";
import { Orders } from "../../src/acme/orders.ts";
import { within } from "../../src/base/within.ts";

Deno.test("without the thread no order is waited for", async () => {
  using orders = await Orders.start();
  const challenges = { add: () => Promise.resolve(), remove: () => Promise.resolve() };
  const context = { challenges, keepAccount: () => {} };
  const order = () => orders.place(1 as unknown as Order, context).catch(String); // ends the thread
  for (let i = 0; i < 2; i++) {
    const said = order();
    assert.ok(await within(said, 20_000), "it is waited for");
    assert.match(String(await said), /the thread of orders has ended: .*: start the server again/);
  }
});
