import { deepEqual, equal, ok } from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { Client, on } from "postmaster";
import { LINES } from "../../src/server/pace.ts";

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

Deno.test("a client that hangs up behind many lines has all of them answered", async () => {
  using client = Client.of(on("SayOK", (_event, next) => next()));
  await client.reply();
  client.send(`${"NOOP\r\n".repeat(10 * LINES)}QUIT\r\n`);
  const codes: number[] = [];
  for (let line = await client.line(); line !== undefined; line = await client.line()) {
    codes.push(Number(line.slice(0, 3)));
  }
  deepEqual(codes, [...Array(10 * LINES).fill(250), 221]);
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
