/**
 * What michelle.ts promises.
 *
 * @module
 */
import { chain, discard, on } from "postmaster";
import { Client } from "postmaster/testing";
import assert from "node:assert/strict";
import policy from "./michelle.ts";

const everybody = on("AddRcptTo", () => discard());

/** The body of a message with this header, as it is delivered. */
async function deliver(...header: readonly string[]): Promise<string | undefined> {
  using client = Client.of(chain(policy, everybody), { time: new Date("2026-01-15T12:00:00Z") });
  await client.reply();
  for (const line of ["EHLO x.example", "MAIL FROM:<m@example.org>", "RCPT TO:<joe@example.net>"]) {
    await client.command(line);
  }
  await client.command("DATA");
  const { code } = await client.command([...header, "", "No, I say no!", "."].join("\r\n"));
  assert.equal(code, 250);
  return client.kept[0]?.message.split("\r\n\r\n")[1];
}

const nine = "Date: Thu, 15 Jan 2026 09:00:00 +0100";

Deno.test("what Michelle wrote at nine says yes", async () => {
  assert.equal(await deliver("From: Michelle <m@example.org>", nine), "Yes, I say yes!\r\n");
});

Deno.test("her name may be in her address, or encoded", async () => {
  assert.equal(await deliver("From: Michelle@example.org", nine), "Yes, I say yes!\r\n");
  const encoded = "From: =?utf-8?Q?=4Dichelle_=C3=89tienne?= <m@example.org>";
  assert.equal(await deliver(encoded, nine), "Yes, I say yes!\r\n");
});

Deno.test("at ten she means no, and so does everybody else at any time", async () => {
  const ten = "Date: Thu, 15 Jan 2026 10:00:00 +0100";
  assert.equal(await deliver("From: Michelle <m@example.org>", ten), "No, I say no!\r\n");
  assert.equal(await deliver("From: Michael <m@example.org>", nine), "No, I say no!\r\n");
});

Deno.test("without a date, a message was sent when it came", async () => {
  assert.equal(await deliver("From: Michelle <m@example.org>"), "No, I say no!\r\n");
});
