/**
 * What bounces.ts promises.
 *
 * @module
 */
import { ask, rcpt } from "postmaster/testing";
import assert from "node:assert/strict";
import policy from "./bounces.ts";

Deno.test("bounces go to the directory, other mail does not, and nothing is relayed", async () => {
  const bounce = { mailFrom: null };
  const { routes } = await ask(policy, rcpt("joe@example.net"), bounce);
  assert.deepEqual(routes?.map(({ target }) => target.target), ["directory"]);
  assert.notEqual((await ask(policy, rcpt("joe@example.net"))).code, 250);
  assert.notEqual((await ask(policy, rcpt("joe@example.org"), bounce)).code, 250);
});
