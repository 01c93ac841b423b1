/**
 * What the test kit sends of text beyond ASCII.
 * @module
 */
import assert from "node:assert/strict";
import { discard, on } from "postmaster";
import { Client, playTranscript } from "postmaster/testing";

const policy = on("AddRcptTo", () => discard());

Deno.test("lines of a transcript are sent in UTF-8, and escapes of bytes as they are", async () => {
  using client = Client.of(policy, { kind: "lmtp" });
  const transcript = String.raw`
S: 220 *
C: LHLO client.example.org
S: ...
C: MAIL FROM:<jörg@bücher.example> SMTPUTF8
S: 250 2.1.0 *
C: RCPT TO:<жук@example.net>
C: RCPT TO:<ann@example.net>
S: 250 2.1.5 *
S: 250 2.1.5 *
B: BDAT 8\r\nX: \xff\xc3\xbc\r\n
S: 250 2.0.0 8 octets received
B: BDAT 6 LAST\r\n\r\nü\r\n
S: 250 2.0.0 *
S: 250 2.0.0 *
`;
  await playTranscript(transcript, "transcript", client);
  const [kept] = client.kept;
  assert.equal(String(kept?.sender), "jörg@bücher.example");
  assert.ok(kept?.message.endsWith("X: \xff\xc3\xbc\r\n\r\n\xc3\xbc\r\n"));
});

Deno.test("a command is sent in UTF-8", async () => {
  using client = Client.of(policy);
  await client.reply();
  await client.command("EHLO client.example.org");
  assert.equal((await client.command("MAIL FROM:<жук@example.org> SMTPUTF8")).code, 250);
});
