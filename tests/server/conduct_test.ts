/**
 * What counts as an error of a client, and what becomes of clients that guess recipients.
 *
 * @module
 */
import assert from "node:assert/strict";
import { on, say } from "postmaster";
import { Client, type ClientOptions, FakeClock } from "postmaster/testing";
import { codes, Running } from "../running.ts";
import { onlyJoe } from "./policy.ts";

const [MAIL, JOE, NOBODY] = [
  "MAIL FROM:<ann@example.org>",
  "RCPT TO:<joe@example.net>",
  "RCPT TO:<nobody@example.net>",
];

/** A client that has said hello, and the clock that it lives by. */
async function greeted(limits: ClientOptions["limits"], policy = onlyJoe) {
  const clock = new FakeClock();
  const client = Client.of(policy, { clock, limits: limits ?? {} });
  await client.reply();
  assert.equal((await client.command("EHLO c.example")).code, 250);
  return { client, clock };
}

/** Sends lines at once and returns the codes of the replies. */
async function pipelined(client: Client, ...lines: readonly string[]): Promise<number[]> {
  client.send(lines.map((line) => `${line}\r\n`).join(""));
  const codes: number[] = [];
  for (const _ of lines) codes.push((await client.reply()).code);
  return codes;
}

const times = (count: number, line: string): string[] => Array.from({ length: count }, () => line);

Deno.test("a client that pipelines too many recipients delivers to the first, and to the others later", async () => {
  const { client } = await greeted({ recipients: 3, errors: 2 });
  const said = await pipelined(client, MAIL, ...times(50, JOE), "DATA");
  assert.deepEqual(said, [250, 250, 250, 250, ...Array(47).fill(452), 354]);
  assert.equal((await client.command("one\r\n.")).code, 250);
  assert.deepEqual(await pipelined(client, MAIL, JOE, "DATA"), [250, 250, 354]);
  assert.equal((await client.command("two\r\n.")).code, 250);
});

Deno.test("what is pipelined behind a refusal is no error", async () => {
  const groups: readonly (readonly [lines: readonly string[], codes: readonly number[]])[] = [
    [[MAIL, NOBODY, "DATA"], [250, 550, 503]],
    [[`${MAIL} SIZE=99999999999`, JOE, JOE, "DATA"], [552, 503, 503, 503]],
    [["MAIL FROM:<banned@example.org>", JOE, "DATA"], [550, 503, 503]],
    [[MAIL, "RCPT TO:<later@example.net>", "DATA"], [250, 451, 503]],
  ];
  for (const [lines, expected] of groups) {
    const { client } = await greeted({ errors: 1 }, (event, next, session) => {
      if (event.type === "SetMailFrom" && event.mailbox?.local === "banned") {
        return say(5, 5, 0, "no");
      }
      if (event.type === "AddRcptTo" && event.mailbox.local === "later") {
        return say(4, 5, 1, "busy");
      }
      return onlyJoe(event, next, session);
    });
    for (let i = 0; i < 3; i++) {
      assert.deepEqual(await pipelined(client, ...lines, "RSET"), [...expected, 250]);
    }
  }
});

Deno.test("verbs that the server lacks are no errors", async () => {
  const { client } = await greeted({ errors: 1 });
  const said = await pipelined(client, "STARTTLS", "AUTH PLAIN", "TURN", "ETRN x", "NOOP");
  assert.deepEqual(said, [502, 502, 502, 502, 250]);
});

Deno.test("what a client could have avoided is an error", async () => {
  for (
    const line of ["XYZZY", "MAIL", "RCPT TO:joe", "DATA x", `NOOP ${"x".repeat(600)}`, "\x80"]
  ) {
    const { client } = await greeted({ errors: 2 });
    await pipelined(client, line, line);
    assert.equal((await client.command(line)).code, 421, line);
  }
  // Out of order, with no refusal before it; or after one that the client knows of.
  const { client } = await greeted({ errors: 2 });
  assert.deepEqual(await pipelined(client, MAIL, NOBODY, "DATA"), [250, 550, 503]);
  assert.deepEqual(await pipelined(client, "DATA", "DATA", "DATA"), [503, 503, 421]);
});

Deno.test("parameters of extensions that the server lacks are no errors", async () => {
  const { client } = await greeted({ errors: 1 });
  for (const parameter of ["RET=HDRS", "MT-PRIORITY=1", "BODY=BINARYMIME"]) {
    const refused = `${MAIL} ${parameter}`;
    const [code, ...others] = await pipelined(client, refused, refused, refused, JOE, "DATA");
    assert.ok(code === 504 || code === 555, `${code}`);
    assert.deepEqual(others, [code, code, 503, 503]);
  }
});

Deno.test("a MAIL that cannot be read is one error, whatever was pipelined behind it", async () => {
  for (const line of ["MAIL FROM:<\xfc@example.org>", `MAIL FROM:<${"x".repeat(700)}@b.example>`]) {
    const { client } = await greeted({ errors: 2 });
    const said = await pipelined(client, line, ...times(30, JOE), "DATA", MAIL, JOE, "DATA");
    assert.deepEqual(said, [500, ...Array(31).fill(503), 250, 250, 354]);
  }
});

Deno.test("a MAIL inside a transaction excuses nothing", async () => {
  const { client } = await greeted({ errors: 2 });
  assert.deepEqual(await pipelined(client, MAIL, MAIL, "DATA", "DATA"), [250, 503, 503, 421]);
});

Deno.test("refusals that are no errors end, unless messages come", async () => {
  const MANY = 10_000;
  const groups: readonly (readonly [first: readonly string[], again: string, code: number])[] = [
    [[], "STARTTLS", 502],
    [[], "EXPN list", 502],
    [[], `${MAIL} SIZE=99999999999`, 552],
    [[], "MAIL FROM:<> RET=HDRS", 555],
    [[], "MAIL FROM:<banned@example.org>", 450],
    [[MAIL, JOE], JOE, 452],
    [[MAIL], "RCPT TO:<later@example.net>", 451],
  ];
  for (const [first, again, code] of groups) {
    const { client } = await greeted({ recipients: 1 }, (event, next, session) => {
      if (event.type === "SetMailFrom" && event.mailbox?.local === "banned") {
        return say(4, 5, 0, "not now");
      }
      if (event.type === "AddRcptTo" && event.mailbox.local === "later") {
        return say(4, 5, 1, "busy");
      }
      return onlyJoe(event, next, session);
    });
    await pipelined(client, ...first);
    const said = await pipelined(client, ...times(MANY + 1, again));
    assert.deepEqual([new Set(said.slice(0, MANY)), said[MANY]], [new Set([code]), 421], again);
  }

  const { client } = await greeted({ recipients: 1 });
  for (let i = 0; i < 2; i++) {
    await pipelined(client, MAIL, JOE, ...times(MANY - 1, JOE), "DATA");
    assert.equal((await client.command("text\r\n.")).code, 250);
  }
});

Deno.test("nobody is excused for ever", async () => {
  const { client } = await greeted({ errors: 2, recipients: 5 });
  const refused = `${MAIL} SIZE=99999999999`;
  const said = await pipelined(client, refused, ...times(9, JOE));
  assert.deepEqual(said, [552, ...Array(8).fill(503), 421]);
});

Deno.test("refused recipients wait from the 11th on, and nothing behind them is answered before", async () => {
  const { client, clock } = await greeted({ refusalDelay: 1000 });
  const said = await pipelined(client, MAIL, ...times(10, NOBODY));
  assert.deepEqual(said, [250, ...Array(10).fill(550)]);
  client.send(`${NOBODY}\r\n${NOBODY}\r\nNOOP\r\n`);
  const replies: number[] = [];
  const reading = (async () => {
    for (let i = 0; i < 3; i++) replies.push((await client.reply()).code);
  })();
  for (const [wait, so] of [[999, 0], [1, 1], [999, 1], [1, 3]] as const) {
    clock.advance(wait);
    await new Promise((resolve) => setTimeout(resolve)); // a turn: what is said is read
    assert.equal(replies.length, so, `after ${clock.now} ms`);
  }
  await reading;
  assert.deepEqual(replies, [550, 550, 250]);
});

Deno.test("a client that waits for a refusal is not idle, and afterwards has its whole time", async () => {
  const { client, clock } = await greeted({ refusalDelay: 10_000, commandTimeout: 5000 });
  await pipelined(client, MAIL, ...times(10, NOBODY));
  client.send(`${NOBODY}\r\n`);
  clock.advance(9999);
  clock.advance(1);
  assert.equal((await client.reply()).code, 550);
  clock.advance(5000);
  assert.equal((await client.command("NOOP")).code, 250);
  clock.advance(5001);
  assert.equal((await client.reply()).code, 421);
});

Deno.test("a refusal for now is no guess, and neither is one of a sender", async () => {
  const greylisting = on("AddRcptTo", () => say(4, 5, 1, "later"));
  const { client } = await greeted({ refusedRecipients: 1 }, greylisting);
  const said = await pipelined(client, MAIL, ...times(30, JOE), "NOOP");
  assert.deepEqual(said, [250, ...Array(30).fill(451), 250]);
});

Deno.test("who has guessed too much is sent away, after the mail for those who were accepted", async () => {
  using guesser = (await greeted({ refusedRecipients: 3, refusalDelay: 0 })).client;
  const said = await pipelined(guesser, MAIL, ...times(4, NOBODY));
  assert.deepEqual(said, [250, 550, 550, 550, 421]);
  assert.ok(guesser.closed);

  using sender = (await greeted({ refusedRecipients: 3, refusalDelay: 0 })).client;
  const mixed = await pipelined(sender, MAIL, JOE, ...times(3, NOBODY), NOBODY, JOE, "DATA");
  assert.deepEqual(mixed, [250, 250, 550, 550, 550, 452, 452, 354]);
  assert.equal((await sender.command("text\r\n.")).code, 250);
  assert.deepEqual(sender.kept.map(({ recipients }) => recipients.map(String)), [[
    "joe@example.net",
  ]]);
  assert.equal((await sender.command(MAIL)).code, 421);
});

Deno.test("a client that goes away, or a server that stops, does not wait for a refusal", async () => {
  const { client, clock } = await greeted({ refusalDelay: 60_000 });
  await pipelined(client, MAIL, ...times(10, NOBODY));
  client.send(`${NOBODY}\r\n`);
  client.hangUp();
  clock.advance(60_000);

  await using server = await Running.start(() => ({
    limits: { "refusal-delay": "1 h", "shutdown-timeout": "1 s" },
  }));
  const held = await server.connect();
  await codes(held, "EHLO c.example", MAIL, ...times(10, NOBODY));
  held.send(`${NOBODY}\r\n`);
  const other = await server.connect();
  assert.deepEqual(await codes(other, "EHLO c.example", "QUIT"), [250, 221], "others are served");
  assert.equal(await server.stop(), 0);
});

Deno.test("a server holds the answers back, and ends the session, as its configuration says", async () => {
  await using server = await Running.start(() => ({
    limits: { "refused-recipients": 12, "refusal-delay": "1 ms" },
  }));
  const client = await server.connect();
  await codes(client, "EHLO c.example");
  const said = await pipelined(client, MAIL, ...times(13, NOBODY));
  assert.deepEqual(said, [250, ...Array(12).fill(550), 421]);
});
