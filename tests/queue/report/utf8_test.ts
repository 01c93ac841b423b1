import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { need } from "../../need.ts";
import { blocksOf, failed, make, message, notice, ORIGINAL, original, see } from "./samples.ts";

const latin1 = (text: string): string => Buffer.from(text).toString("latin1");
const HEADER = latin1("From: jürgen@bücher.example\r\nSubject: Grüße\r\n\r\nfoo\r\n");

Deno.test({
  name: "a report to an address in UTF-8 has the forms of RFC 6533",
  ...need("python3"),
  fn: async () => {
    const [made] = await make(
      message({ sender: "jürgen@bücher.example", parameters: { SMTPUTF8: null } }),
      [notice("failed", failed, { parameters: { ORCPT: "utf-8;j\\x{F6}@example.net" } })],
      original(HEADER),
    );
    assert.deepEqual(made!.parameters, { BODY: "8BITMIME", SMTPUTF8: null });
    const [seen] = await see([made!]);
    assert.equal(seen!.reportType, "global-delivery-status");
    assert.ok(Buffer.from(made!.octets).toString().includes("To: jürgen@bücher.example\r\n"));
    assert.deepEqual(seen!.parts.map(({ type }) => type), [
      "text/plain",
      "message/global-delivery-status",
      "message/global",
    ]);
    const [, block] = blocksOf(seen!.parts[1]!.content);
    assert.equal(block!["Original-Recipient"], latin1("utf-8;jö@example.net"));
    assert.equal(block!["Final-Recipient"], "rfc822;joe@example.net");
    assert.equal(seen!.parts[2]!.content, HEADER);
    assert.match(seen!.parts[0]!.content, new RegExp(latin1("Grüße")));
  },
});

Deno.test({
  name: "a report that the sender can read without SMTPUTF8 is in ASCII",
  ...need("python3"),
  fn: async () => {
    const utf8 = message({ parameters: { SMTPUTF8: null } });
    const [ascii, mapped] = await see([
      ...await make(utf8, [notice("failed", failed)], original(ORIGINAL)),
      ...await make(message({ parameters: { RET: "HDRS" } }), [
        notice("failed", failed, { recipient: "jö+x@example.net" }),
      ], original(HEADER)),
    ]);
    assert.equal(ascii!.reportType, "delivery-status");
    const [, block] = blocksOf(mapped!.parts[1]!.content);
    assert.equal(block!["Final-Recipient"], "utf-8;j\\x{F6}\\x{2B}x@example.net");
    assert.equal(mapped!.parts[2]!.type, "text/rfc822-headers");
    assert.equal(mapped!.parts[2]!.fields["Content-Transfer-Encoding"], "quoted-printable");
  },
});
