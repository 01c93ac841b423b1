import assert from "node:assert/strict";
import { Running, sendMail } from "../running.ts";

/** More than any backlog, twice. */
const MANY = 10_000;

Deno.test("a server goes on after many connections", async () => {
  await using server = await Running.start();
  const { port } = server;
  const greeting = new Uint8Array(1024);
  let left = MANY;
  const visitor = async () => {
    while (left-- > 0) {
      using connection = await Deno.connect({ hostname: "127.0.0.1", port });
      assert.notEqual(await connection.read(greeting), null);
    }
  };
  await Promise.all(Array.from({ length: 20 }, visitor));
  using client = await server.connect();
  assert.equal(await sendMail(client), 250);
});
