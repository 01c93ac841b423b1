import assert from "node:assert/strict";
import { discard, on } from "postmaster";
import { Client, type ClientOptions, ENCRYPTED } from "postmaster/testing";
import { protocolOf } from "../../src/message/received.ts";

/** The protocol that `Received` names for a message of a client that says `hello`. */
async function protocolAfter(hello: string, session: ClientOptions, parameter = "") {
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
  const lmtp = { kind: "lmtp" } as const;
  assert.equal(await protocolAfter("LHLO a.example", lmtp), "LMTP");
  assert.equal(await protocolAfter("LHLO a.example", { ...lmtp, tls: ENCRYPTED }), "LMTPS");
  assert.equal(await protocolAfter("LHLO a.example", { ...lmtp, user: "joe" }), "LMTPA");
  const both = { ...lmtp, tls: ENCRYPTED, user: "joe" };
  assert.equal(await protocolAfter("LHLO a.example", both), "LMTPSA");
  const clear = { listener: { kind: "smtp" }, helo: undefined, tls: ENCRYPTED, user: undefined };
  assert.equal(protocolOf(clear, false), "SMTP");
});

Deno.test("Received names the protocol of a message with SMTPUTF8 (RFC 6531 section 4.3)", async () => {
  const after = (session: ClientOptions, hello = "EHLO a.example") =>
    protocolAfter(hello, session, " SMTPUTF8");
  assert.equal(await after({}), "UTF8SMTP");
  assert.equal(await after({ tls: ENCRYPTED }), "UTF8SMTPS");
  assert.equal(await after({ user: "joe" }), "UTF8SMTPA");
  assert.equal(await after({ tls: ENCRYPTED, user: "joe" }), "UTF8SMTPSA");
  const lmtp = { kind: "lmtp", tls: ENCRYPTED, user: "joe" } as const;
  assert.equal(await after(lmtp, "LHLO a.example"), "UTF8LMTPSA");
});
