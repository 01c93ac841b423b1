import assert from "node:assert/strict";
import type { Client } from "../../src/testing/client.ts";
import { codes, ENVELOPE, Running, until } from "../running.ts";

const LINE = `${"~".repeat(98)}\r\n`;
/** 200 kB. */
const TEXT = `Subject: many\r\n\r\n${LINE.repeat(2000)}`;

const descriptors = ({ pid }: Running) => [...Deno.readDirSync(`/proc/${pid}/fd`)].length;

/** How much of the lines was delivered. Mailers that run at once may tear them apart. */
const delivered = ({ directory }: Running) => directory.read("mail").split("~").length - 1;

/** Clients in the middle of a message of 200 kB each. */
async function inTheMiddle(server: Running, count: number): Promise<Client[]> {
  const clients = await Promise.all(Array.from({ length: count }, () => server.connect()));
  for (const client of clients) {
    await codes(client, "HELO client.example.org", ...ENVELOPE);
    client.send(TEXT);
  }
  return clients;
}

Deno.test("unfinished messages for which there is no memory are kept in files, and lose nothing", async () => {
  await using server = await Running.start(() => ({
    explain: "none", // it has files of its own
    limits: { "message-memory": "2 MiB" },
  }));
  const before = descriptors(server);
  const clients = await inTheMiddle(server, 60);
  const files = () => descriptors(server) - before - clients.length;
  await until(() => `40 of 60 messages are in files, not ${files()}`, () => files() >= 40);
  for (const client of clients) client.send(".\r\n");
  for (const client of clients) assert.equal((await client.reply()).code, 250);
  assert.equal(delivered(server), 60 * 2000 * 98);
  for (const client of clients) client[Symbol.dispose]();
  await until("all files are closed", () => descriptors(server) <= before);
});

/** Reads nothing before a while is over. */
const SLOW = `
import { on } from "postmaster";

export default on("Deliver", async (event, next) => {
  await new Promise((resolve) => setTimeout(resolve, 300));
  return await next(event);
});
`;

Deno.test("a server without memory for messages holds its clients, and gets on by its disk", async () => {
  await using server = await Running.start((directory) => ({
    handlers: [directory.write("slow.ts", SLOW)],
    limits: { "message-memory": "0" },
  }));
  const text = `Subject: long\r\n\r\n${LINE.repeat(20_000)}`;
  const all = ["HELO client.example.org", ...ENVELOPE].join("\r\n");
  const clients = await Promise.all([1, 2, 3].map(() => server.connect()));
  for (const client of clients) {
    client.send(`${all}\r\n${text}.\r\n${"NOOP\r\n".repeat(20_000)}QUIT\r\n`);
  }
  for (const client of clients) {
    const replies = [];
    for (let n = 0; n < 5; n++) replies.push((await client.reply()).code);
    assert.deepEqual(replies, [250, 250, 250, 354, 250]);
    for (let n = 0; n < 20_000; n++) assert.equal((await client.reply()).code, 250);
    assert.equal((await client.reply()).code, 221);
  }
  assert.equal(delivered(server), 3 * 20_000 * 98);
});
