import assert from "node:assert/strict";
import fc from "fast-check";
import { Client } from "postmaster/testing";
import { onlyJoe } from "./policy.ts";
import { isBare, LOOK_ALIKES } from "../smtp/look_alikes.ts";

const ENVELOPE =
  "EHLO c.example\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<joe@example.net>\r\nDATA\r\n";
const SMUGGLED =
  "MAIL FROM:<evil@example.org>\r\nRCPT TO:<joe@example.net>\r\nDATA\r\nevil\r\n.\r\n";

/** All that the server says until it closes. */
async function everything(client: Client): Promise<string[]> {
  const lines: string[] = [];
  for (let line = await client.line(); line !== undefined; line = await client.line()) {
    lines.push(line);
  }
  return lines;
}

/** What a session answers and delivers, without the ids that differ from one to the next. */
async function outcome(pieces: Iterable<string>) {
  using client = Client.of(onlyJoe);
  for (const piece of pieces) client.send(piece);
  const lines = (await everything(client)).map((line) =>
    line.replace(/delivered as \w+/, "delivered")
  );
  const kept = client.kept.map(({ message }) =>
    message.replace(/^Received: .*\r\n(\t.*\r\n)+/, "")
  );
  return { lines, kept };
}

for (const fake of LOOK_ALIKES) {
  Deno.test(`DATA does not end at ${JSON.stringify(fake)}`, async () => {
    const message = `Subject: x\r\n\r\ntext${fake}${
      SMUGGLED.replace(".\r\n", "")
    }\r\n.\r\nQUIT\r\n`;
    const { lines, kept } = await outcome([ENVELOPE + message]);
    const afterData = lines.slice(lines.findIndex((line) => line.startsWith("354")) + 1);
    assert.equal(afterData.length, 2, `one reply to the message and one to QUIT: ${afterData}`);
    assert.match(afterData[1] ?? "", /^221 /);
    if (isBare(fake) || fake.includes("\0")) {
      assert.match(afterData[0] ?? "", /^554 5\.6\.0 (bare CR|bare LF|NUL) in the message/);
      assert.equal(kept.length, 0);
    } else {
      assert.equal(kept.length, 1);
      assert.ok(
        kept[0]?.includes("MAIL FROM:<evil"),
        "the smuggled commands are text of the message",
      );
    }
  });
}

Deno.test("a message that broke the rules is followed by a fresh transaction", async () => {
  using client = Client.of(onlyJoe);
  await client.reply();
  client.send(`${ENVELOPE}bare\nLF\r\n.\r\n`);
  for (const code of [250, 250, 250, 354, 554]) assert.equal((await client.reply()).code, code);
  assert.equal((await client.command("RCPT TO:<joe@example.net>")).code, 503);
  assert.equal((await client.command("MAIL FROM:<>")).code, 250);
});

Deno.test("a message over the size limit is read to its end and refused with 552", async () => {
  using client = Client.of(onlyJoe, { limits: { messageSize: 1000 } });
  await client.reply();
  client.send(`${ENVELOPE}${"x".repeat(70)}\r\n`);
  for (const code of [250, 250, 250, 354]) assert.equal((await client.reply()).code, code);
  for (let i = 0; i < 50; i++) client.send(`${"y".repeat(70)}\r\n`);
  client.send(`.\r\nMAIL FROM:<b@example.org>\r\n`);
  assert.deepEqual(await client.reply(), {
    code: 552,
    enhanced: "5.3.4",
    lines: ["message too big"],
  });
  assert.equal((await client.reply()).code, 250);
  assert.equal(client.kept.length, 0);
});

Deno.test("a text line over its cap is refused, one of exactly the cap is not", async () => {
  for (const [length, code] of [[98, 250], [99, 554]] as const) {
    using client = Client.of(onlyJoe, { limits: { textLine: 100 } });
    client.send(`${ENVELOPE}${"x".repeat(length)}\r\n.\r\n`);
    for (let i = 0; i < 5; i++) await client.reply();
    assert.equal((await client.reply()).code, code);
  }
});

Deno.test("a header over its cap, and a message that went in circles, are refused", async () => {
  for (
    const [header, code] of [
      [`X: ${"x".repeat(2000)}\r\n`, 552],
      [`Received: by x\r\n`.repeat(101), 554],
      [`Received: by x\r\n`.repeat(100), 250],
    ] as const
  ) {
    using client = Client.of(onlyJoe, { limits: { headerSize: code === 552 ? 1000 : 10_000 } });
    client.send(`${ENVELOPE}${header}\r\nbody\r\n.\r\n`);
    for (let i = 0; i < 5; i++) await client.reply();
    assert.equal((await client.reply()).code, code);
  }
});

Deno.test("any split of the same bytes gives the same replies and the same message", async () => {
  const session = `${ENVELOPE}Subject: x\r\n\r\n..dot\r\n.x\r\n\r\n.\r\nNOOP\r\nXBAD\r\n` +
    `MAIL FROM:<b@example.org>\r\nRCPT TO:<joe@example.net>\r\nDATA\r\nlast\r\n.\r\nQUIT\r\n`;
  const whole = await outcome([session]);
  assert.deepEqual(whole.kept, ["Subject: x\r\n\r\n.dot\r\nx\r\n\r\n", "\r\nlast\r\n"]);
  assert.deepEqual(await outcome(session), whole, "byte by byte");
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: session.length }), { maxLength: 30 }),
      async (cuts) => {
        const ends = [...cuts, session.length].sort((a, b) => a - b);
        const pieces = ends.map((end, i) => session.slice(ends[i - 1] ?? 0, end)).filter((p) =>
          p !== ""
        );
        assert.deepEqual(await outcome(pieces), whole);
      },
    ),
    { numRuns: 200 },
  );
});

Deno.test("a command line of 512 octets is taken, a longer one gets 500 and is skipped whole", async () => {
  using client = Client.of(onlyJoe);
  await client.reply();
  assert.equal((await client.command(`NOOP ${"x".repeat(505)}`)).code, 250);
  assert.equal((await client.command(`NOOP ${"x".repeat(506)}`)).code, 500);
  client.send("x".repeat(1_000_000));
  client.send("\r\nNOOP\r\n");
  assert.equal((await client.reply()).code, 500);
  assert.equal((await client.reply()).code, 250);
});

Deno.test("a command that ends in LF alone gets 500 at once, and so does what is behind it up to a CRLF", async () => {
  using client = Client.of(onlyJoe);
  await client.reply();
  client.send("EHLO c.example\n");
  assert.deepEqual(await client.reply(), {
    code: 500,
    enhanced: "5.5.2",
    lines: ["a line ends with CRLF, and has no other LF"],
  });
  client.send("QUIT\r\nEHLO c.example\r\n");
  assert.equal((await client.reply()).code, 500);
  assert.equal((await client.reply()).code, 250);
});

Deno.test("what follows an LF is never a command", async () => {
  const { lines, kept } = await outcome([
    `EHLO c.example\nMAIL FROM:<a@example.org>\r\nNOOP\n${SMUGGLED}QUIT\r\n`,
  ]);
  const codes = lines.map((line) => line.slice(0, 3));
  assert.deepEqual(codes.slice(0, 5), ["220", "500", "500", "500", "500"]);
  assert.ok(codes.every((code) => /^[2-5]\d\d$/.test(code) && code !== "354"));
  assert.deepEqual(kept, []);
});

Deno.test("each line that ends in LF alone is a protocol error: too many end the session", async () => {
  const { lines } = await outcome(["NOOP\n".repeat(1000)]);
  assert.deepEqual(lines.map((line) => line.slice(0, 3)), [
    "220",
    ...Array(20).fill("500"),
    "421",
  ]);
});

Deno.test("a command that is too long gets 500 at its LF", async () => {
  using client = Client.of(onlyJoe);
  await client.reply();
  client.send(`${"x".repeat(10_000)}\n`);
  assert.deepEqual((await client.reply()).lines, ["line too long"]);
});
