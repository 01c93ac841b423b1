/**
 * What readme.ts promises.
 *
 * @module
 */
import { chain, discard, on } from "postmaster";
import { Client, playTranscript } from "postmaster/testing";
import assert from "node:assert/strict";
import policy from "./readme.ts";

const everybody = on("AddRcptTo", () => discard());

Deno.test("mail about a ticket goes to the help desk", async () => {
  using client = Client.of(chain(policy, everybody));
  const file = new URL("readme.txt", import.meta.url);
  await playTranscript(await Deno.readTextFile(file), "readme.txt", client);
  assert.deepEqual(client.kept.map(({ args }) => args["argv"]), [["tee", "-a", "/tmp/tickets"]]);
});

Deno.test("other mail goes where it did", async () => {
  using client = Client.of(chain(policy, everybody));
  const file = new URL("readme.txt", import.meta.url);
  const transcript = (await Deno.readTextFile(file)).replace("ticket #4711", "holidays");
  await playTranscript(transcript, "readme.txt", client);
  assert.deepEqual(client.kept.map(({ target }) => target), ["discard"]);
});
