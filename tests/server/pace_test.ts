import { deepEqual, equal, ok } from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { on } from "postmaster";
import { Client } from "postmaster/testing";
import { LINES, SESSIONS } from "../../src/server/pace.ts";
import { encode } from "../../src/smtp/ascii.ts";
import { Running } from "../running.ts";

for (const answers of ["at once", "with a promise"] as const) {
  Deno.test(`a session has ${LINES} lines handled in a turn when handlers answer ${answers}`, async () => {
    let handled = 0;
    using client = Client.of(on("SayOK", (_event, next) => {
      handled++;
      return answers === "at once" ? next() : Promise.resolve(next());
    }));
    await client.reply();
    client.send("NOOP\r\n".repeat(1000));
    const turns: number[] = [];
    for (let before = 0; handled < 1000; before = handled) {
      await setImmediate();
      turns.push(handled - before);
    }
    ok(Math.max(...turns) <= 2 * LINES, `${turns}`);
    for (let i = 0; i < 1000; i++) equal((await client.reply()).code, 250);
  });
}

Deno.test(`of many sessions that send a lot, ${SESSIONS} go on in a turn, and all in the end`, async () => {
  const COUNT = 100, EACH = 50;
  let handled = 0;
  const policy = on("SayOK", (_event, next) => {
    handled++;
    return next();
  });
  const clients = Array.from({ length: COUNT }, () => Client.of(policy));
  for (const client of clients) await client.reply();
  for (const client of clients) client.send("NOOP\r\n".repeat(EACH));
  await setImmediate(); // the first lines are handled as they come
  const turns: number[] = [];
  for (let before = handled; handled < COUNT * EACH; before = handled) {
    await setImmediate();
    turns.push(handled - before);
  }
  ok(Math.max(...turns) <= 2 * LINES * SESSIONS, `${turns}`);
  for (const client of clients) {
    for (let i = 0; i < EACH; i++) equal((await client.reply()).code, 250);
    client[Symbol.dispose]();
  }
});

Deno.test("replies leave before all the lines of a client that sends without end are handled", async () => {
  let handled = 0;
  using client = Client.of(on("SayOK", (_event, next) => {
    handled++;
    return next();
  }));
  await client.reply();
  client.send("NOOP\r\n".repeat(20_000));
  await client.reply();
  ok(handled < 5000, `${handled} lines were handled before the first reply`);
});

Deno.test("a client that sends many lines and then no more has all of them answered", async () => {
  await using server = await Running.start();
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  await connection.write(encode("NOOP\r\n".repeat(1000)));
  await connection.closeWrite();
  const said = await new Response(connection.readable).text();
  deepEqual(said.match(/^\d+/gm), ["220", ...Array(1000).fill("250")]);
});

Deno.test("session.recipients is a list that stays as it is when more are accepted", async () => {
  const seen: (readonly unknown[])[] = [];
  using client = Client.of(on("AddRcptTo", (event, _next, { recipients }) => {
    seen.push(recipients);
    return { target: "keep", args: { user: event.mailbox.local } };
  }));
  await client.reply();
  for (const line of ["EHLO c.example", "MAIL FROM:<>"]) await client.command(line);
  for (const user of ["a", "b", "c"]) await client.command(`RCPT TO:<${user}@example.net>`);
  deepEqual(seen.map((list) => list.map(String)), [[], ["a@example.net"], [
    "a@example.net",
    "b@example.net",
  ]]);
  ok(seen.every((list) => Object.isFrozen(list)));
});
