/**
 * What `postmaster examine` makes of a header.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { envelopeIn } from "../../src/cli/examine/envelope.ts";
import { withoutMark } from "../../src/cli/mbox_mark.ts";
import { Header } from "../../src/message/fields.ts";
import { receivedField } from "../../src/message/received.ts";

const header = (...fields: readonly string[]) =>
  new Header(Buffer.from(fields.map((field) => `${field}\r\n`).join("") + "\r\n"));

/** The client that a field `Received` names. */
function clientOf(received: string): readonly (string | null)[] {
  const { ip, helo } = envelopeIn(header(`Received: ${received}`), {});
  return [ip.value, helo.value];
}

const own = (helo: string, peer: string) =>
  receivedField({
    ...{ helo, peer, hostname: "mx.example.net", id: "1", protocol: "ESMTP", time: 0 },
  }).replace(/^Received: |\r\n$/g, "");

Deno.test("the client is read from the Received of this server and of others", () => {
  for (
    const [received, ...client] of [
      [own("mx.example.org", "192.0.2.1"), "192.0.2.1", "mx.example.org"],
      [own("mx.example.org", "2001:db8::1"), "2001:db8::1", "mx.example.org"],
      [own("nonsense_", "192.0.2.1"), "192.0.2.1", null],
      [
        "from a.example.org (b.example.org [192.0.2.1]) by mx (Postfix) with ESMTP id 1; date",
        ...["192.0.2.1", "a.example.org"],
      ],
      [
        "from a.example.org (unknown [IPv6:2001:db8::1])\r\n\t(using TLSv1.3)\r\n\tby mx; date",
        ...["2001:db8::1", "a.example.org"],
      ],
      [
        "from b.example.org ([192.0.2.1] helo=a.example.org) by mx with esmtp (Exim 4.96)",
        ...["192.0.2.1", "a.example.org"],
      ],
      ["from [192.0.2.1] (helo=a.example.org) by mx (Exim)", "192.0.2.1", "a.example.org"],
      ["from [10.0.0.1] (unknown [192.0.2.1]) by mx", "192.0.2.1", "[10.0.0.1]"],
      [
        "from unknown (HELO a.example.org) (192.0.2.1) by mx with SMTP",
        "192.0.2.1",
        "a.example.org",
      ],
      ["from a.example.org (2001:db8::1) by b.example.org (2001:db8::2)", ...[
        "2001:db8::1",
        "a.example.org",
      ]],
      ["(qmail 1 invoked by uid 1000); date", null, null],
      ["by mx.example.org (Postfix, from userid 0); date", null, null],
      ["", null, null],
      [`from ${"a".repeat(100_000)} by mx`, null, null],
    ] as const
  ) {
    assert.deepEqual(clientOf(received), client, received.slice(0, 200));
  }
});

Deno.test("the client is the one that came from outside, and it is said who tells", () => {
  const inside = "Received: from store.example.net (store [10.0.0.1]) by b";
  const outside = "Received: from mx.example.com (mx.example.com [8.8.8.8]) by a";
  const farther = "Received: from pc.example.com (pc.example.com [9.9.9.9]) by mx.example.com";
  const told = (...fields: readonly string[]) => envelopeIn(header(...fields), {}).ip;
  assert.deepEqual(told("Received: (qmail)", inside, outside, farther), {
    ...{ value: "8.8.8.8", by: "Received 3" },
  });
  assert.deepEqual(told("Received: (qmail)", inside), { value: "10.0.0.1", by: "Received 2" });
  assert.deepEqual(told("Subject: hello"), { value: null, by: "nobody" });
  const { ip, helo } = envelopeIn(header(outside), { ip: "192.0.2.1" });
  assert.deepEqual([ip, helo], [
    { value: "192.0.2.1", by: "the command line" },
    { value: "mx.example.com", by: "Received 1" },
  ]);
});

Deno.test("the sender is that of the uppermost Return-Path", () => {
  const sender = (...paths: readonly string[]) =>
    envelopeIn(header(...paths.map((path) => `Return-Path: ${path}`)), {}).from;
  const by = "Return-Path";
  assert.deepEqual(sender("<joe@example.net>", "<ann@example.net>"), {
    ...{ value: "joe@example.net", by },
  });
  assert.deepEqual(sender("joe@example.net"), { value: "joe@example.net", by });
  assert.deepEqual(sender("<>"), { value: null, by });
  assert.deepEqual(sender("nonsense"), { value: null, by: "nobody" });
  assert.deepEqual(sender(), { value: null, by: "nobody" });
});

Deno.test("the line in front of a message of an mbox goes, in pieces of any length", async () => {
  for (
    const [file, message] of [
      ["From joe Thu Jan  1 00:00:00 2026\nFrom: joe\n\n", "From: joe\n\n"],
      ["From: joe\nFrom joe\n", "From: joe\nFrom joe\n"],
      ["Fro", "Fro"],
      ["", ""],
      ["From ", "From "],
      [`From ${"a".repeat(2000)}\nb`, `From ${"a".repeat(2000)}\nb`],
    ] as const
  ) {
    for (const size of [1, 2, 7]) {
      const pieces = (async function* () {
        for (let at = 0; at < file.length; at += size) yield Buffer.from(file.slice(at, at + size));
      })();
      const all = Buffer.concat(await Array.fromAsync(withoutMark(pieces)));
      assert.equal(all.toString(), message);
    }
  }
});
