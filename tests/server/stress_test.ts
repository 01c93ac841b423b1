import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { Client } from "../../src/testing/client.ts";
import { codes, Running, sendMail, until } from "../running.ts";

const MB = 1_000_000;

Deno.test("2,000 idle clients disturb nobody, and all are told 421 in the end", async () => {
  await using server = await Running.start();
  const idle: Client[] = [];
  while (idle.length < 2000) {
    idle.push(...await Promise.all(Array.from({ length: 200 }, () => server.connect())));
  }
  using client = await server.connect();
  const start = performance.now();
  for (let n = 0; n < 20; n++) assert.equal(await sendMail(client), 250);
  assert.ok(performance.now() - start < 10_000, "20 messages in ten seconds");
  await codes(client, "QUIT");
  server.kill("SIGTERM");
  const last = await Promise.all(idle.map((each) => each.reply()));
  assert.deepEqual(new Set(last.map(({ code }) => code)), new Set([421]));
  for (const each of idle) assert.equal(await each.line(), undefined);
  assert.equal(await server.ended(), 0);
  assert.match(server.log.at(-1) ?? "", / stopped sessions=0$/);
  assert.equal(server.directory.read("mail").match(/^Return-Path:/gm)?.length, 20);
});

Deno.test("a client that never reads costs little memory and is ended by the write timeout", async () => {
  await using server = await Running.start(
    () => ({ limits: { "write-timeout": "1 s" } }),
    { alone: true },
  );
  using other = await server.connect();
  await codes(other, "EHLO client.example.org");
  const before = server.memory();
  const socket = dial(server.port).pause();
  let most = 0;
  const noops = Buffer.from("NOOP\r\n".repeat(MB / 6));
  for (let n = 0; n < 400; n++) socket.write(noops);
  await until("the server ends it", () => {
    most = Math.max(most, server.memory() - before);
    return server.log.some((line) => / disconnected /.test(line));
  });
  socket.destroy();
  assert.equal((await other.command("NOOP")).code, 250);
  assert.ok(most < 100 * MB, `${most} octets more`);
});

/** Sends as fast as the server reads. */
async function flood(socket: Socket, octets: number): Promise<void> {
  const piece = Buffer.alloc(MB, "x");
  for (let sent = 0; sent < octets; sent += MB) {
    if (!socket.write(piece)) await once(socket, "drain");
  }
}

Deno.test("an endless line and an endless message are not kept in memory", async () => {
  await using server = await Running.start(undefined, { alone: true });
  const before = server.memory();
  const socket = dial(server.port);
  let received = "";
  socket.on("data", (chunk) => received += chunk);
  await flood(socket, 800 * MB);
  socket.write(
    ["", "HELO x", "MAIL FROM:<>", "RCPT TO:<you@example.net>", "DATA", ""].join("\r\n"),
  );
  await flood(socket, 800 * MB);
  socket.end("\r\n.\r\n");
  await once(socket, "close");
  const all = received.match(/^\d{3}/gm)?.map(Number);
  assert.deepEqual(all, [220, 500, 250, 250, 250, 354, 552]);
  assert.equal(server.directory.read("mail"), "");
  const more = server.memory() - before; // the platform alone lets 300 MB of garbage lie about
  assert.ok(more < 900 * MB, `${more} octets more`);
});

/** A connection that may not be accepted yet. */
function dial(port: number): Socket {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {}); // "close" follows
  return socket.resume();
}

/** Takes all file descriptors for a while. */
const HOG = `
import { on, say } from "postmaster";

export default on("Verify", async () => {
  const held: Deno.FsFile[] = [];
  try {
    for (;;) held.push(Deno.openSync("/dev/null"));
  } catch {
    await new Promise((resolve) => setTimeout(resolve, 1500));
  }
  for (const file of held) file.close();
  return say(2, 5, 2, "there was a lack of descriptors");
});
`;

Deno.test("a server that runs out of file descriptors serves again when it has some", async () => {
  await using server = await Running.start(
    (directory) => ({ handlers: [directory.write("hog.ts", HOG)], limits: { connections: 4 } }),
    { before: "ulimit -n 256 && ulimit -Hn 256" },
  );
  const clients = await Promise.all([1, 2, 3].map(() => server.connect()));
  const hogged = clients[0]!.command("VRFY joe");
  await until(
    "nothing is left",
    () => [...Deno.readDirSync(`/proc/${server.pid}/fd`)].length >= 250,
  );
  const many = Array.from({ length: 10 }, () => dial(server.port));
  assert.equal((await hogged).code, 252);
  for (const client of clients) client[Symbol.dispose]();
  for (const socket of many) socket.destroy();
  await until("it serves again", async () => {
    try {
      using client = await server.connect();
      return await sendMail(client) === 250;
    } catch {
      return false; // it waited at a listener that was dead, and such a client tries again
    }
  });
  assert.equal(await server.stop(), 0);
});
