/**
 * SMTPUTF8 as a client sees it.
 *
 * @module
 */
import assert from "node:assert/strict";
import { discard, on } from "postmaster";
import { Client } from "postmaster/testing";
import { encode, text } from "../../src/smtp/ascii.ts";
import { bytesOf } from "../smtp/arbitraries.ts";

/** A client that has said EHLO. */
async function greeted(): Promise<Client> {
  const client = Client.of(on("AddRcptTo", () => discard()));
  await client.reply();
  client.send("EHLO client.example\r\n");
  assert.ok((await client.reply())?.lines.includes("SMTPUTF8"));
  return client;
}

/** The code and status of the reply to a line. */
async function said(client: Client, line: string): Promise<string> {
  client.send(encode(`${line}\r\n`));
  const { code, enhanced } = await client.reply() ?? {};
  return `${code} ${enhanced}`;
}

Deno.test("addresses beyond ASCII are taken in a transaction with SMTPUTF8 only", async () => {
  const client = await greeted();
  assert.equal(await said(client, "MAIL FROM:<jörg@bücher.example>"), "553 5.6.7");
  assert.equal(await said(client, "MAIL FROM:<joe@b.example>"), "250 2.1.0");
  assert.equal(await said(client, "RCPT TO:<jörg@example.net>"), "553 5.6.7");
  assert.equal(await said(client, "RCPT TO:<joe@bücher.example>"), "553 5.6.7");
  assert.equal(await said(client, "RCPT TO:<joe@example.net>"), "250 2.1.5");
  assert.equal(await said(client, "RSET"), "250 2.0.0");
  assert.equal(await said(client, "MAIL FROM:<jörg@bücher.example> SMTPUTF8"), "250 2.1.0");
  assert.equal(await said(client, "RCPT TO:<jörg@example.net>"), "250 2.1.5");
  assert.equal(await said(client, "RCPT TO:<joe@bücher.example>"), "250 2.1.5");
  assert.equal(await said(client, "RCPT TO:<joe@x\uff0ey.example>"), "501 5.1.3");
  assert.equal(await said(client, "RCPT TO:<joe\u202e@example.net>"), "501 5.1.3");
  const hidden = "RCPT TO:<joe@example.net> ORCPT=utf-8;j\u202ee@b.example";
  assert.match(await said(client, hidden), /^5\d\d 5/);
  assert.equal(await said(client, "RCPT TO:<joe@example.net>\u00a0"), "501 5.5.2");
  assert.equal(await said(client, "VRFY jo\u200be SMTPUTF8"), "501 5.5.2");
});

Deno.test("a message of a transaction with SMTPUTF8 names its recipient in UTF-8 (RFC 6531 section 3.7.3)", async () => {
  const client = await greeted();
  await said(client, "MAIL FROM:<jörg@bücher.example> SMTPUTF8 BODY=8BITMIME");
  await said(client, "RCPT TO:<joe@bücher.example>");
  await said(client, "DATA");
  assert.equal(await said(client, "Subject: Grüße\r\n\r\nübermorgen\r\n."), "250 2.0.0");
  const message = text(bytesOf(client.kept[0]!.message));
  assert.match(message, /\tby \S+ with UTF8SMTP id \S+\r\n\tfor <joe@bücher\.example>;/);
  assert.match(message, /\r\nSubject: Grüße\r\n/);
});

Deno.test("SMTPUTF8 takes no value, and belongs to MAIL", async () => {
  const client = await greeted();
  assert.equal(await said(client, "MAIL FROM:<> SMTPUTF8=yes"), "501 5.5.4");
  assert.equal(await said(client, "MAIL FROM:<> SMTPUTF8"), "250 2.1.0");
  assert.equal(await said(client, "RCPT TO:<joe@b.example> SMTPUTF8"), "555 5.5.4");
});

Deno.test("pipelined commands keep their places when addresses among them are refused", async () => {
  const client = await greeted();
  client.send(encode(
    [
      "MAIL FROM:<joe@b.example>",
      "RCPT TO:<jörg@example.net>",
      "RCPT TO:<joe@example.net>",
      "DATA",
      "Subject: x\r\n\r\nx\r\n.",
      "MAIL FROM:<jörg@b.example>",
      "RCPT TO:<jörg@example.net>",
      "DATA",
      "QUIT",
    ].join("\r\n") + "\r\n",
  ));
  const codes: (number | undefined)[] = [];
  for (let i = 0; i < 9; i++) codes.push((await client.reply())?.code);
  assert.deepEqual(codes, [250, 553, 250, 354, 250, 553, 503, 503, 221]);
});
