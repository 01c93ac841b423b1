/**
 * What residents.ts promises.
 *
 * @module
 */
import { ask, Client, playTranscript, rcpt } from "postmaster/testing";
import assert from "node:assert/strict";
import policy from "./residents.ts";

Deno.test("joe has a mailbox, nobody has none", async () => {
  assert.equal((await ask(policy, rcpt("joe@example.net"))).code, 250);
  assert.equal((await ask(policy, rcpt("nobody@example.net"))).code, 553);
});

Deno.test("a copy of what joe writes to jane is relayed", async () => {
  const { routes } = await ask(policy, rcpt("jane@example.net"), { mailFrom: "joe@example.net" });
  assert.deepEqual(routes?.map(({ target }) => target.target), ["pipe", "relay"]);
});

Deno.test("a whole session goes as residents.txt says", async () => {
  using client = Client.of(policy);
  const file = new URL("residents.txt", import.meta.url);
  await playTranscript(await Deno.readTextFile(file), "residents.txt", client);
  assert.deepEqual(client.kept.map(({ target }) => target), ["pipe"]);
});
