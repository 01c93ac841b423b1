/**
 * Messages of handlers, as another parser reads them.
 * @module
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { Mailbox } from "../../../src/smtp/mailbox.ts";
import type { OwnMessage } from "../../../src/handler/own_message.ts";
import { composeOwn } from "../../../src/queue/report/own_message.ts";
import { DEFAULT_REPORTS } from "../../../src/queue/report/report.ts";
import { need } from "../../need.ts";
import { run } from "../../running.ts";
import { NOON } from "./samples.ts";

const READER = `
import base64, email, email.policy, json, sys
octets = base64.b64decode(sys.stdin.read())
message = email.message_from_bytes(octets, policy=email.policy.SMTP)
json.dump({
    "fields": {name: str(value) for name, value in message.items()},
    "text": message.get_content(),
    "defects": [str(d) for d in message.defects],
}, sys.stdout)
`;

const setting = { hostname: "mx.example.net", settings: DEFAULT_REPORTS, now: NOON };

async function read(message: OwnMessage) {
  const composed = composeOwn(message, setting);
  const { stdout, stderr } = await run(
    "python3",
    ["-c", READER],
    Buffer.from(composed.octets).toString("base64"),
  );
  assert.equal(stderr, "");
  assert.match(Buffer.from(composed.octets).toString("latin1"), /^(?:[\x20-\x7e\t]{0,998}\r\n)+$/);
  return { ...composed, ...JSON.parse(stdout) };
}

Deno.test({
  ...need("python3"),
  name: "a message of a handler is what the handler wrote",
  fn: async () => {
    const postmaster = await read({
      ...{ to: Mailbox.parse("postmaster"), subject: "The mail of joe is on hold" },
      text: "First.\n\n  postmaster queue list --user joe\nLast line",
    });
    assert.equal(postmaster.to, "postmaster");
    assert.deepEqual(postmaster.parameters, {});
    assert.deepEqual(postmaster.defects, []);
    assert.deepEqual(postmaster.fields, {
      "Date": "Sat, 28 Nov 2026 20:00:00 +0000",
      "From": "Mail Delivery System <MAILER-DAEMON@mx.example.net>",
      "To": "postmaster@mx.example.net",
      "Subject": "The mail of joe is on hold",
      "Message-ID": postmaster.messageId,
      "Auto-Submitted": "auto-generated",
      "MIME-Version": "1.0",
      "Content-Type": 'text/plain; charset="us-ascii"',
      "Content-Transfer-Encoding": "7bit",
    });
    assert.equal(
      postmaster.text.replace(/\r\n/g, "\n"),
      "First.\n\n  postmaster queue list --user joe\nLast line\n",
    );
  },
});

Deno.test({
  ...need("python3"),
  name: "a message of a handler may have any text, and no field can be smuggled in",
  fn: async () => {
    const subject = "Grüße\r\nBcc: eve@example.com\r\n\r\nbody";
    const text = `äöü 日本\n.\n${"long ".repeat(400)}\r\nbare\rCR\n`;
    const { fields, ...seen } = await read({ to: Mailbox.parse("joe@example.org"), subject, text });
    assert.equal(fields["To"], "joe@example.org");
    assert.equal(fields["Subject"], "Grüße Bcc: eve@example.com body");
    assert.equal(fields["Bcc"], undefined);
    assert.deepEqual(seen.defects, []);
    assert.equal(seen.text.replace(/\r\n/g, "\n"), text.replace(/\r\n/g, "\n"));
  },
});
