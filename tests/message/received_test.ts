import assert from "node:assert/strict";
import { discard, on } from "postmaster";
import { Client, ENCRYPTED } from "postmaster/testing";
import { protocolOf } from "../../src/message/received.ts";

/** The protocol that `Received` names for a message of a client that says `hello`. */
async function protocolAfter(
  hello: string,
  session: { tls?: typeof ENCRYPTED; user?: string },
  parameter = "",
) {
  const client = Client.of(on("AddRcptTo", () => discard()), session);
  for (
    const line of [
      hello,
      `MAIL FROM:<>${parameter}`,
      "RCPT TO:<joe@example.net>",
      "DATA",
      ".",
      "QUIT",
    ]
  ) {
    client.send(`${line}\r\n`);
  }
  while (await client.line() !== undefined);
  return /^\tby \S+ with (\S+) id /m.exec(client.kept[0]?.message ?? "")?.[1];
}

Deno.test("Received names the protocol by what the session is (RFC 3848)", async () => {
  assert.equal(await protocolAfter("HELO a.example", {}), "SMTP");
  assert.equal(await protocolAfter("EHLO a.example", {}), "ESMTP");
  assert.equal(await protocolAfter("EHLO a.example", { tls: ENCRYPTED }), "ESMTPS");
  assert.equal(await protocolAfter("EHLO a.example", { user: "joe" }), "ESMTPA");
  assert.equal(await protocolAfter("EHLO a.example", { tls: ENCRYPTED, user: "joe" }), "ESMTPSA");
  assert.equal(protocolOf({ helo: undefined, tls: ENCRYPTED, user: undefined }, false), "SMTP");
});

Deno.test("Received names the protocol of a message with SMTPUTF8 (RFC 6531 section 4.3)", async () => {
  const after = (session: { tls?: typeof ENCRYPTED; user?: string }) =>
    protocolAfter("EHLO a.example", session, " SMTPUTF8");
  assert.equal(await after({}), "UTF8SMTP");
  assert.equal(await after({ tls: ENCRYPTED }), "UTF8SMTPS");
  assert.equal(await after({ user: "joe" }), "UTF8SMTPA");
  assert.equal(await after({ tls: ENCRYPTED, user: "joe" }), "UTF8SMTPSA");
});
