import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { chain, discard, on, say } from "postmaster";
import { Client } from "postmaster/testing";
import { Header } from "../../src/message/fields.ts";
import { type HeadedMessage, readHeader } from "../../src/message/read_header.ts";

async function* chunks(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text, "latin1");
}

const all = async ({ body }: HeadedMessage): Promise<string> =>
  Buffer.concat(await Array.fromAsync(body)).toString("latin1");

const header = (...lines: readonly string[]): Header =>
  new Header(Buffer.from(lines.map((line) => `${line}\r\n`).join(""), "latin1"));

Deno.test("readHeader() gives the header, and the message as it was", async () => {
  const message = "From: a\r\nTo: b\r\n\r\nX: c\r\n";
  await fc.assert(fc.asyncProperty(fc.integer({ min: 1, max: 30 }), async (size) => {
    const pieces = message.match(new RegExp(`[^]{1,${size}}`, "g"))!;
    const read = await readHeader(chunks(...pieces));
    assert.equal(read.header.first("to")?.text, "b");
    assert.equal(read.header.first("X"), undefined);
    assert.equal(read.header.size, 18);
    assert.equal(read.header.complete, true);
    assert.equal(await all(read), message);
  }));
});

Deno.test("readHeader() reads no more than the chunk in which the header ends", async () => {
  let read = 0;
  async function* body() {
    for (const text of ["A: b\r\n", "\r\nbody", "more", "and more"]) {
      read++;
      yield Buffer.from(text);
    }
  }
  const message = await readHeader(body());
  assert.equal(read, 2);
  assert.equal(await all(message), "A: b\r\n\r\nbodymoreand more");
});

Deno.test("readHeader() takes a message without an empty line, or of nothing, for a header", async () => {
  for (const message of ["", "A: b", "A: b\r\n", "\r\n", "\r\n\r\nA: b"]) {
    const read = await readHeader(chunks(message));
    assert.equal(read.header.complete, true);
    assert.equal(await all(read), message);
  }
});

Deno.test("readHeader() looks at the beginning of a header that is too long, and passes all on", async () => {
  const message = `A: b\r\nB: ${"x".repeat(1000)}\r\n\r\nbody`;
  const read = await readHeader(chunks(...message.match(/[^]{1,100}/g)!), { limit: 300 });
  assert.equal(read.header.complete, false);
  assert.equal(read.header.size, 300);
  assert.equal(read.header.first("A")?.text, "b");
  assert.equal(await all(read), message);
});

Deno.test("readHeader() ends the body it was given when nobody wants the rest", async () => {
  let ended = false;
  async function* body() {
    try {
      yield Buffer.from("A: b\r\n\r\n");
      yield Buffer.from("more");
      yield Buffer.from("more");
    } finally {
      ended = true;
    }
  }
  let seen = 0;
  for await (const _ of (await readHeader(body())).body) if (++seen === 2) break;
  assert.equal(ended, true);
});

Deno.test("a handler may refuse a message when it has read the header", async () => {
  const policy = on("Deliver", async (event, next) => {
    const { header, body } = await readHeader(event.body);
    const unwanted = header.first("Subject")?.text === "lottery";
    return unwanted ? say(5, 5, 4, "no, thank you", "5.7.1") : next({ ...event, body });
  });
  using client = Client.of(chain(policy, on("AddRcptTo", () => discard())));
  await client.reply();
  await client.command("EHLO x.example");
  for (const [subject, code] of [["lottery", 554], ["other", 250], ["lottery", 554]] as const) {
    await client.command("MAIL FROM:<a@example.org>");
    await client.command("RCPT TO:<b@example.net>");
    await client.command("DATA");
    const text = "a line of text\r\n".repeat(50_000);
    assert.equal((await client.command(`Subject: ${subject}\r\n\r\n${text}.`)).code, code);
  }
  assert.equal(client.kept.length, 1);
});

Deno.test("a Header finds fields whatever their case, the first and all of them", () => {
  const fields = header("Received: 1", "RECEIVED : 2", "no field", "received:3", " folded", "To:");
  assert.deepEqual(fields.all("received").map(({ text }) => text), ["1", "2", "3 folded"]);
  assert.deepEqual(fields.all("Received").map(({ name }) => name), [
    "Received",
    "RECEIVED",
    "received",
  ]);
  assert.equal(fields.first("received")?.raw, " 1");
  assert.equal(fields.all("Received")[2]?.raw, "3\r\n folded");
  assert.equal(fields.first("to")?.text, "");
  assert.equal(fields.first("no field"), undefined);
  assert.equal(fields.first("__proto__"), undefined);
});

Deno.test("a HeaderField is read as people read it", () => {
  const text = (value: string) => header(`Subject: ${value}`).first("subject")?.text;
  assert.equal(text("=?utf-8?Q?caf=C3=A9?= =?iso-8859-1?B?6Q==?="), "caféé");
  assert.equal(text("=?utf-8?Q?a?=\r\n\t=?utf-8?Q?b?="), "ab");
  assert.equal(text("caf\xc3\xa9"), "café");
  assert.equal(text("caf\xe9"), "café");
  assert.equal(text("=?utf-8?X?what?="), "=?utf-8?X?what?=");
  assert.equal(text("x".repeat(100_000))?.length, 16 * 1024 - 1);
});

Deno.test("decoding a field takes no time, whatever it is", () => {
  const size = 16 * 1024;
  const parts = ["=?", "=?a?b?", "=?utf-8?Q?=C3?= ", "=?utf-8?B?", "?=", "=?=?", " \t", "(", '"'];
  const start = performance.now();
  for (const part of parts) void header(`A: ${part.repeat(size)}`).first("a")?.text;
  assert.ok(performance.now() - start < 10_000);
});

Deno.test("readHeader() gives the message with another header, and all else as it was", async () => {
  const message = "From: a\r\nTo: b\r\n\r\nX: c\r\n";
  for (let size = 1; size <= message.length; size++) {
    const read = await readHeader(chunks(...message.match(new RegExp(`[^]{1,${size}}`, "g"))!));
    const body = read.withHeader(read.header.renamed({ "to": "Cc", "x": "y" }));
    assert.equal(await all({ ...read, body }), "From: a\r\nCc: b\r\n\r\nX: c\r\n");
  }
});

Deno.test("a Header without some fields has all others, octet by octet", () => {
  const fields = header("A: 1", "b:  2", "\tfolded", "\xff", "B : 3", "c: 4", "", "");
  const rest = Buffer.from(fields.without(["B", "x"])).toString("latin1");
  assert.equal(rest, "A: 1\r\n\xff\r\nc: 4\r\n\r\n\r\n");
});

Deno.test("of a field with many encoded words, 250 are decoded", () => {
  const word = "=?iso-8859-1?q?=E9?=";
  const text = (count: number) =>
    header(`Subject: ${Array<string>(count).fill(word).join(" x ")}`).first("Subject")?.text;
  assert.equal(text(250), Array(250).fill("é").join(" x "));
  assert.equal(text(252), [...Array(250).fill("é"), word, word].join(" x "));
});

Deno.test("withValues() changes the values of some fields, and nothing else", () => {
  const before = header("to: a", "Subject: to: a", "TO \t:b,", "\tc", "X-To: d", "");
  const after = before.withValues(["To", "Cc"], (raw) => `${raw}!`);
  assert.equal(
    Buffer.from(after).toString("latin1"),
    "to: a!\r\nSubject: to: a\r\nTO \t:b,\r\n\tc!\r\nX-To: d\r\n\r\n",
  );
  const last = new Header(Buffer.from("To: \xfc", "latin1"));
  assert.equal(Buffer.from(last.withValues(["To"], (raw) => raw)).toString("latin1"), "To: \xfc");
});
