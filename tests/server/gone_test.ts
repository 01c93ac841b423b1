/**
 * Clients that go away when their message has come whole.
 *
 * @module
 */
import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { once } from "node:events";
import { chain, on, procmail } from "postmaster";
import { Client, FakeClock, MemoryStore } from "postmaster/testing";
import { rateLimit } from "postmaster/handlers";
import { parseListen } from "../../src/net/address.ts";
import { Running, until } from "../running.ts";

const SESSION =
  "EHLO c.example\r\nMAIL FROM:<ann@example.org>\r\nRCPT TO:<you@example.net>\r\nDATA\r\n" +
  "Subject: x\r\n\r\nhello\r\n.\r\n";

/** Sends a whole session at once. */
async function sent(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  socket.resume();
  await once(socket, "connect");
  socket.write(SESSION);
  return socket;
}

Deno.test("what a client leaves behind by a reset is delivered, and counts as its connection until then", async () => {
  await using server = await Running.start(({ of }) => ({
    limits: { connections: 2 },
    mailer: {
      command: [
        "sh",
        "-c",
        `echo >> ${of("begun")}; until [ -e ${of("go")} ]; do sleep 0.1; done; cat >> ${
          of("mail")
        }`,
      ],
    },
  }));
  const { directory } = server;
  for (const runs of [1, 2]) {
    const socket = await sent(server.port);
    await until("its mailer runs", () => directory.read("begun").length === runs);
    socket.resetAndDestroy();
  }
  await server.logs(/ connected /);
  // Both are gone, and their messages are not.
  const third = await sent(server.port);
  await server.logs(/ refused .*reason=connections/);
  third.destroy();
  directory.write("go", "");
  await until("both are delivered", () => directory.read("mail").match(/hello/g)?.length === 2);
  await until("others are served again", async () => {
    using client = await Client.connect(parseListen(server.addresses[0]!));
    return (await client.reply()).code === 220;
  });
});

Deno.test("a delivery for a client that is gone is given up in time", async () => {
  const given = Promise.withResolvers<AbortSignal>();
  const clock = new FakeClock();
  const hanging = chain(
    on("AddRcptTo", () => procmail("you")),
    on("Deliver", async ({ body, signal }) => {
      for await (const _ of body);
      given.resolve(signal);
      return await new Promise<never>(() => {});
    }),
  );
  using client = Client.of(hanging, { clock });
  client.send(SESSION);
  const signal = await given.promise;
  client.hangUp();
  assert.equal(signal.aborted, false, "it goes on");
  clock.advance(5 * 60_000 + 1);
  assert.equal(signal.aborted, true);
  assert.ok(client.closed);
});

Deno.test("who resets the connection after each message is limited like anybody else", async () => {
  const globals = new MemoryStore();
  const policy = chain(
    rateLimit({ limit: 2, per: "1 d", of: "messages", by: "all" }),
    on("AddRcptTo", () => procmail("you")),
  );
  const codes: number[] = [];
  for (let i = 0; i < 3; i++) {
    const client = Client.of(policy, { globals });
    client.send(SESSION);
    for (let replies = 0; replies < 4; replies++) codes.push((await client.reply()).code);
    client.hangUp();
  }
  assert.deepEqual(codes.filter((code) => code >= 400).length > 0, true, codes.join());
});
