/**
 * Reloads of the real program: sessions under way end with what they began with.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Client } from "../../src/testing/client.ts";
import { codes, type Directory, postmaster, Running, sendMail, until } from "../running.ts";

/** A module whose refusals name its version. */
const policy = (version: number | string, more = "") =>
  `import { on, say } from "postmaster";
   ${more}
   export default on("AddRcptTo", (event, next) =>
     event.mailbox.local === "version" ? say(5, 5, 0, "version ${version}") : next());`;

/** Asks a session for the version of its policy. */
async function versionIn(client: Client): Promise<string> {
  return (await client.command("RCPT TO:<version@example.net>")).lines.join("\n");
}

/** A client that may ask {@linkcode versionIn}. */
async function clientOf(server: Running): Promise<Client> {
  const client = await server.connect();
  await codes(client, "EHLO client.example.org", "MAIL FROM:<ann@example.org>");
  return client;
}

const reload = ({ directory }: Running) =>
  postmaster("reload", "--config", directory.of("postmaster.yaml"));

/** Changes keys of the configuration of a server. */
function configure({ directory }: Running, changes: object): void {
  const config = JSON.parse(directory.read("postmaster.yaml"));
  directory.write("postmaster.yaml", { ...config, ...changes });
}

/** A server with a queue, and so with a control socket, and with a policy. */
function settings(directory: Directory) {
  directory.write("policy.ts", policy(1));
  return { deliver: "before-reply", handlers: ["./policy.ts"] };
}

Deno.test("a session ends with the policy that it began with, and the next one has the new", async () => {
  await using server = await Running.start(settings);
  using old = await clientOf(server);
  assert.match(await versionIn(old), /version 1/);
  server.directory.write("policy.ts", policy(2));
  const { code, stdout, stderr } = await reload(server);
  assert.deepEqual([code, stderr], [0, ""]);
  assert.match(stdout, /^types: checked\nreloaded: \S*policy\.ts\n$/);
  assert.match(await versionIn(old), /version 1/);
  using next = await clientOf(server);
  assert.match(await versionIn(next), /version 2/);
  await server.logs(/ reloaded by=operator changed=\S*policy\.ts/);
});
