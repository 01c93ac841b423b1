/**
 * OpenDKIM as a milter: what it signs by us verifies, and what it verifies by us is what was sent.
 *
 * @module
 */
import assert from "node:assert/strict";
import { need } from "../../need.ts";
import { makeKey, openDkim, verifiedByDkimpy, verifiedByPerl } from "./dkim.ts";
import { asks, sent } from "./sessions.ts";

const FROM = "From: Ann <ann@example.org>\r\n";

/** Messages in which a signature breaks if one octet differs. */
const MESSAGES: Readonly<Record<string, string>> = {
  "an ordinary one": `${FROM}To: joe@example.net\r\nSubject: hello\r\n\r\nhello\r\n`,
  "8-bit": `${FROM}Subject: caf\xe9\r\n\r\nna\xefve \xff\x80\r\n`,
  "an empty body": `${FROM}Subject: nothing\r\n\r\n`,
  "a header alone": `${FROM}Subject: nothing at all\r\n`,
  "folded fields": `${FROM}Subject: one\r\n two\r\n\tthree\r\nTo:\r\n joe@example.net\r\n\r\nx\r\n`,
  "spaces":
    `From:Ann <ann@example.org>\r\nSubject:   many   spaces  \r\nTo:\tjoe@example.net\r\n\r\na  b \r\n \r\n`,
  "empty lines at the end": `${FROM}\r\nx\r\n\r\n\r\n\r\n`,
  "long lines": `${FROM}Subject: ${"x".repeat(900)}\r\n\r\n${"y".repeat(3000)}\r\nz\r\n`,
  "dots": `${FROM}\r\n.\r\n..\r\n.x\r\n`,
  "a long body": `${FROM}\r\n${`${"line ".repeat(14)}\r\n`.repeat(5000)}`,
  "two of a field":
    `Received: a\r\nReceived: b\r\n${FROM}To: a@example.net\r\nCc: b@example.net\r\n\r\nx\r\n`,
};

Deno.test({
  name: "what OpenDKIM signs is what arrives, octet by octet",
  ...need("opendkim", "perl"),
  async fn() {
    const key = makeKey();
    for (const form of ["simple/simple", "relaxed/relaxed"]) {
      await using signer = await openDkim(key, "s", [`Canonicalization ${form}`]);
      const policy = asks({ address: signer.address });
      const signed: string[] = [];
      for (const [name, message] of Object.entries(MESSAGES)) {
        const { replies, message: arrived = "" } = await sent(policy, message);
        assert.equal(replies.at(-1), "250 2.0.0", name);
        assert.match(arrived, /^DKIM-Signature: [^]*d=example\.org/, name);
        assert.ok(arrived.endsWith(message) || name === "a header alone", name);
        signed.push(arrived);
      }
      const names = Object.keys(MESSAGES);
      for (const verified of [verifiedByDkimpy, verifiedByPerl]) {
        const found = await verified(signed, key);
        assert.deepEqual(names.filter((_, i) => !found[i]), [], `${form} ${verified.name}`);
        const [changed] = await verified([`${signed[0]}more\r\n`], key);
        assert.equal(changed, false);
      }
    }
  },
});

Deno.test({
  name: "OpenDKIM verifies by us what it has signed by us",
  ...need("opendkim"),
  async fn() {
    const key = makeKey();
    await using signer = await openDkim(key, "s", ["Canonicalization simple/simple"]);
    await using verifier = await openDkim(key, "v");
    const signs = asks({ address: signer.address }), verifies = asks({ address: verifier.address });
    for (const [name, message] of Object.entries(MESSAGES)) {
      const { message: signed = "" } = await sent(signs, message);
      const { message: judged = "" } = await sent(verifies, signed);
      assert.match(judged, /^Authentication-Results: filter\.example\.net;\s+dkim=pass/, name);
      const { message: forged = "" } = await sent(verifies, `${signed}more\r\n`);
      assert.match(forged, /^Authentication-Results: filter\.example\.net;\s+dkim=fail/, name);
    }
  },
});

Deno.test({
  name:
    "what OpenDKIM finds stays in the message, also in the name of the server; what others say so does not",
  ...need("opendkim"),
  async fn() {
    const key = makeKey();
    await using verifier = await openDkim(key, "v", ["AlwaysAddARHeader yes"], "mx.example.net");
    const forged = [
      "mx.example.net; dkim=pass",
      "other.example; dkim=pass",
      "mx.example.net; spf=pass",
    ];
    const fields = forged.map((value) => `Authentication-Results: ${value}\r\n`);
    const { message = "" } = await sent(
      asks({ address: verifier.address }),
      `${fields.join("")}${MESSAGES["an ordinary one"]}`,
    );
    assert.deepEqual(
      [...message.matchAll(/^Authentication-Results: (.*\r\n(?:[ \t].*\r\n)*)/gm)]
        .map(([, value = ""]) => value.replace(/\s+/g, " ").replace(/; dkim-atps=.*/, "").trim()),
      ["mx.example.net; dkim=none", "other.example; dkim=pass"],
    );
  },
});
