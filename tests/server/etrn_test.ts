/**
 * ETRN, which is there only where a handler answers it.
 *
 * @module
 */
import assert from "node:assert/strict";
import { chain, named, on, say } from "postmaster";
import { Client } from "postmaster/testing";
import { codes, Running } from "../running.ts";
import { onlyJoe } from "./policy.ts";

const queue = named(
  "queue",
  on(
    "StartQueue",
    ({ node, mode }, next) =>
      node.endsWith("example.org") ? say(2, 5, 0, `${mode} ${node} started`) : next(),
  ),
);
const HELLO = "EHLO client.example.org";

Deno.test("ETRN is not implemented, and not offered, where no handler answers it", async () => {
  using client = Client.of(onlyJoe);
  await client.reply();
  assert.ok(!(await client.command(HELLO)).lines.includes("ETRN"));
  assert.deepEqual(await codes(client, "ETRN example.org", "ETRN"), [502, 502]);
});

Deno.test("ETRN asks the handler for a domain, for those below it, and for a queue", async () => {
  using client = Client.of(chain(queue, onlyJoe));
  await client.reply();
  assert.deepEqual(await codes(client, "ETRN example.org"), [503]);
  assert.ok((await client.command(HELLO)).lines.includes("ETRN"));
  const text = async (line: string) => {
    const { code, lines } = await client.command(line);
    return [code, ...lines];
  };
  assert.deepEqual(await text("ETRN Example.org"), [250, "node example.org started"]);
  assert.deepEqual(await text("etrn  @example.org "), [250, "subdomains example.org started"]);
  assert.deepEqual(await text("ETRN #example.org"), [250, "queue example.org started"]);
  const denied = [459, "example.com is not served by a queue here"];
  assert.deepEqual(await text("ETRN example.com"), denied);
  assert.deepEqual(await codes(client, "ETRN", "ETRN a b", "ETRN @", "ETRN example"), [
    ...[501, 501, 501, 501],
  ]);
});

Deno.test("ETRN is illegal within a transaction, and changes nothing", async () => {
  using client = Client.of(chain(queue, onlyJoe));
  await client.reply();
  const etrn = "ETRN example.org";
  assert.deepEqual(
    await codes(client, HELLO, "MAIL FROM:<>", etrn, "RCPT TO:<joe@example.net>", etrn, "DATA"),
    [250, 250, 503, 250, 503, 354],
  );
  assert.deepEqual(await codes(client, "Subject: x\r\n\r\nx\r\n.", etrn), [250, 250]);
  assert.equal(client.kept.length, 1);
});

Deno.test("a module makes a running server offer ETRN, at listeners of users to users only", async () => {
  await using server = await Running.start((directory) => ({
    listen: ["127.0.0.1:0", { address: "127.0.0.1:0", kind: "submission" }],
    auth: { passwords: { file: directory.write("users", "") }, "clear-text": "loopback" },
    handlers: [directory.write(
      "queue.ts",
      `import { on, say } from "postmaster";
export default on("StartQueue", ({ node }, _next, session) => {
  session.log("queue", { node });
  return say(2, 5, 1, "no mail waits for " + node);
});
`,
    )],
  }));
  using client = await server.connect();
  assert.ok((await client.command(HELLO)).lines.includes("ETRN"));
  assert.deepEqual(await codes(client, "ETRN example.org"), [251]);
  await server.logs(/ text=queue node=example\.org/);
  using user = await server.connect(server.addresses[1]);
  assert.deepEqual(await codes(user, HELLO, "ETRN example.org"), [250, 530]);
});
