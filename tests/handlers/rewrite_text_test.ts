import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { chain, discard, type Handler, on } from "postmaster";
import { Client } from "postmaster/testing";
import { rewriteBody, rewriteText, type RewriteTextOptions } from "postmaster/handlers";
import { readyMade } from "../../handlers/registry.ts";
import { octetsHeld } from "../held.ts";
import { lines } from "./rewrite_samples.ts";

const everybody = on("AddRcptTo", () => discard());

/** What a message becomes in the real engine; its `Received` field aside. */
async function deliver(
  policy: Handler,
  message: string,
  time = new Date("2026-07-15T06:30:00Z"),
): Promise<string> {
  using client = Client.of(chain(policy, everybody), { time });
  await client.reply();
  for (const line of ["EHLO x.example", "MAIL FROM:<a@example.org>", "RCPT TO:<b@example.net>"]) {
    await client.command(line);
  }
  await client.command("DATA");
  const { code } = await client.command(`${message}\r\n.`);
  assert.equal(code, 250);
  const [kept] = client.kept;
  return kept!.message.replace(/^Received:.*\r\n(\t.*\r\n)*/, "");
}

/** True if the handler with these options rewrites a message with this header. */
async function rewrites(
  options: Omit<RewriteTextOptions, "replace">,
  header: string,
  time?: Date,
): Promise<boolean> {
  const handler = rewriteText({ replace: { no: "yes" }, ...options });
  const delivered = await deliver(handler, lines(header, "", "oh no!"), time);
  assert.match(delivered, /\r\n\r\noh (yes|no)!\r\n$/);
  return delivered.endsWith("yes!\r\n");
}

Deno.test("rewriteText() rewrites every message, or those of one sender", async () => {
  assert.equal(await rewrites({}, "Subject: x"), true);
  const from = "Zoë";
  assert.equal(await rewrites({ from }, "From: =?iso-8859-1?Q?Zo=EB?= <z@example.org>"), true);
  assert.equal(await rewrites({ from }, "From: =?utf-8?B?Wm/Dqw==?=\r\n\t<z@example.org>"), true);
  assert.equal(await rewrites({ from }, "From: Zoe <z@example.org>"), false);
  assert.equal(await rewrites({ from }, "To: Zo\xeb <z@example.org>"), false);
  assert.equal(await rewrites({ from: "z@EXAMPLE" }, "from : z@example.org"), true);
});

Deno.test("rewriteText() rewrites messages sent at some time of the day", async () => {
  const between = (from: number, to: number, zone?: string) => ({
    between: [from, to] as [number, number],
    ...(zone === undefined ? {} : { timeZone: zone }),
  });
  const date = "Date: Wed, 15 Jul 2026 08:00:00 +0200";
  assert.equal(await rewrites(between(8, 10, "Europe/Berlin"), date), true);
  assert.equal(await rewrites(between(8, 10, "+01:00"), date), false, "CET without summer time");
  assert.equal(await rewrites(between(6, 7), date), true);
  assert.equal(await rewrites(between(5, 6), date), false);
  assert.equal(await rewrites(between(22, 7), date), true, "over midnight");
  assert.equal(await rewrites(between(0, 24), date), true);
});

Deno.test("rewriteText() takes the time of the session for a date that cannot be", async () => {
  const options = { between: [6, 7] as [number, number] };
  for (const date of ["", "Date: yesterday", "Date: Wed, 15 Jul 1998 09:00:00 +0000"]) {
    assert.equal(await rewrites(options, date || "Subject: x"), true, date);
  }
  const late = new Date("2026-07-15T07:00:00Z");
  assert.equal(await rewrites(options, "Date: Wed, 15 Jul 2099 06:00:00 +0000", late), false);
});

Deno.test("rewriteText() rewrites in the real engine, in several chunks, and leaves the rest alone", async () => {
  const long = "a line of text\r\n".repeat(20_000);
  const message = lines("DKIM-Signature: a=b", "Subject: no", "", `no\r\n..no\r\n${long}no`);
  assert.equal(
    await deliver(rewriteText({ replace: { no: "yes" } }), message),
    `Subject: no\r\n\r\nyes\r\n.yes\r\n${long}yes\r\n`,
  );
});

Deno.test("rewrite-text refuses options that make no sense", () => {
  const { options } = readyMade.get("rewrite-text")!;
  const good = { replace: { no: "yes" }, from: "Michelle", between: [8, 10], timeZone: "CET" };
  assert.equal(options.safeParse(good).success, true);
  const bad: readonly [unknown, RegExp][] = [
    [{}, /words and what to put in their place/],
    [{ replace: { "no way": "yes" } }, /not one word/],
    [{ replace: { no: "a\r\nb" } }, /a text on one line/],
    [{ replace: { no: true } }, /put it in quotes/],
    [{ ...good, between: 8 }, /two hours/],
    [{ ...good, between: [8, 25] }, /an hour from 0 to 24/],
    [{ ...good, timeZone: "Nowhere" }, /no time zone/],
    [{ ...good, form: "Michelle" }, /form/],
  ];
  for (const [value, message] of bad) {
    assert.match(JSON.stringify(options.safeParse(value).error?.issues), message);
  }
});

Deno.test("a message of 100 MB is rewritten in little memory", async () => {
  const header = "Content-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n";
  const text = "<p>This is a line of text as people write it.</p>\r\n".repeat(1300);
  const chunk = Buffer.from(`${text}<p>Oh no!</p>\r\n`);
  async function* body(): AsyncGenerator<Uint8Array> {
    yield Buffer.from(header);
    for (let i = 0; i < 1600; i++) yield Buffer.from(chunk);
  }
  let octets = 0;
  let chunks = 0;
  let most = 0;
  const before = octetsHeld();
  for await (const each of rewriteBody(body(), { no: "yes" })) {
    octets += each.length;
    if (++chunks % 100 === 0) most = Math.max(most, octetsHeld() - before);
  }
  assert.equal(octets, header.length + 1600 * (chunk.length + 1));
  assert.ok(octets > 100_000_000);
  // What is not collected yet counts, and on a busy machine that is a lot; the message itself is larger.
  assert.ok(most < 96 * 1024 * 1024, `${most} octets more`);
});
