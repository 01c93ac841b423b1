import assert from "node:assert/strict";
import { discard, on } from "postmaster";
import { Client, type ClientOptions, ENCRYPTED } from "postmaster/testing";
import { protocolOf } from "../../src/message/received.ts";

/** The protocol that `Received` names for a message of a client that says `hello`. */
async function protocolAfter(hello: string, session: ClientOptions) {
  const client = Client.of(on("AddRcptTo", () => discard()), session);
  for (const line of [hello, "MAIL FROM:<>", "RCPT TO:<joe@example.net>", "DATA", ".", "QUIT"]) {
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
  const listener = { kind: "smtp" };
  assert.equal(protocolOf({ listener, helo: undefined, tls: ENCRYPTED, user: undefined }), "SMTP");
});
