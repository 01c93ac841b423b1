import assert from "node:assert/strict";
import type { Outcome } from "../../../src/handler/outcome.ts";
import { need } from "../../need.ts";
import {
  blocksOf,
  deferred,
  delivered,
  failed,
  handedOn,
  make,
  message,
  notice,
  ORIGINAL,
  original,
  see,
  type Seen,
} from "./samples.ts";

async function one(...args: Parameters<typeof make>): Promise<Seen> {
  const all = await make(...args);
  assert.equal(all.length, 1);
  return (await see(all))[0]!;
}

Deno.test({
  name: "reports() makes one bounce for all recipients that failed",
  ...need("python3"),
  fn: async () => {
    const parameters = { ENVID: "a+2Bb" };
    const seen = await one(message({ parameters }), [
      notice("failed", failed, { parameters: { ORCPT: "rfc822;boss+40example.net" } }),
      notice("failed", deferred, { recipient: "x@example.org", original: "list@example.net" }),
    ]);
    assert.deepEqual(seen.defects, []);
    assert.equal(seen.type, "multipart/report");
    assert.equal(seen.reportType, "delivery-status");
    assert.equal(seen.fields["From"], "Mail Delivery System <MAILER-DAEMON@mx.example.net>");
    assert.equal(seen.fields["To"], "jane@example.com");
    assert.equal(seen.fields["Auto-Submitted"], "auto-replied");
    assert.equal(seen.fields["In-Reply-To"], "<1@example.com>");
    const [text, status, whole] = seen.parts;
    assert.equal(seen.parts.length, 3);
    assert.equal(text!.type, "text/plain");
    assert.match(text!.content, /joe@example\.net\r?\n\s+user unknown \(5\.1\.1\)/);
    assert.match(text!.content, /list@example\.net\r?\n.*in time: mailbox full \(4\.2\.2\)/);
    assert.match(text!.content, /subject of the message is: Lunch/);
    assert.equal(status!.type, "message/delivery-status");
    assert.deepEqual(blocksOf(status!.content), [{
      "Original-Envelope-Id": "a+b",
      "Reporting-MTA": "dns; mx.example.net",
      "X-Postmaster-Queue-ID": "abc123",
      "Received-From-MTA": "dns; client.example.com",
      "Arrival-Date": "Sat, 28 Nov 2026 20:00:00 +0000",
    }, {
      "Original-Recipient": "rfc822;boss@example.net",
      "Final-Recipient": "rfc822;joe@example.net",
      "Action": "failed",
      "Status": "5.1.1",
      "Diagnostic-Code": "x-postmaster; user unknown",
      "Last-Attempt-Date": "Sat, 28 Nov 2026 20:01:00 +0000",
    }, {
      "Original-Recipient": "rfc822;list@example.net",
      "Final-Recipient": "rfc822;x@example.org",
      "Action": "failed",
      "Status": "4.2.2",
      "Diagnostic-Code": "x-postmaster; mailbox full",
      "Last-Attempt-Date": "Sat, 28 Nov 2026 20:01:00 +0000",
    }]);
    assert.equal(whole!.type, "message/rfc822");
    assert.equal(whole!.content, ORIGINAL);
    assert.ok(!JSON.stringify(seen).includes("SECRET"));
  },
});

Deno.test({
  name: "reports() tells each kind of notice in a report of its own, if the sender wants it",
  ...need("python3"),
  fn: async () => {
    const all = (NOTIFY: string) => ({ parameters: { NOTIFY } });
    const made = await make(message(), [
      notice("failed", failed),
      notice("failed", failed, all("NEVER")),
      notice("failed", failed, all("SUCCESS,DELAY")),
      notice("failed", failed, { copy: true }),
      { ...notice("delayed", deferred), until: Date.UTC(2026, 11, 3) },
      notice("delayed", deferred, all("FAILURE")),
      notice("delivered", delivered),
      notice("delivered", delivered, all("SUCCESS")),
      notice("relayed", delivered, all("FAILURE,SUCCESS")),
      notice("relayed", handedOn, all("SUCCESS")),
    ]);
    assert.deepEqual(made.map(({ about }) => about), ["bounce", "delay", "success"]);
    const [bounce, delay, success] = await see(made);
    assert.equal(blocksOf(bounce!.parts[1]!.content).length, 2);
    const [, late] = blocksOf(delay!.parts[1]!.content);
    assert.equal(late!["Action"], "delayed");
    assert.equal(late!["Will-Retry-Until"], "Thu, 03 Dec 2026 00:00:00 +0000");
    assert.match(delay!.parts[0]!.content, /trying until 3 December 2026 at 00:00 UTC/);
    assert.equal(delay!.parts[2]!.type, "text/rfc822-headers");
    assert.ok(!delay!.parts[2]!.content.includes("At noon?"));
    const [, here, there, ...others] = blocksOf(success!.parts[1]!.content);
    assert.deepEqual(others, []);
    assert.deepEqual([here!["Action"], there!["Action"]], ["delivered", "relayed"]);
    assert.equal(here!["Diagnostic-Code"], undefined);
    assert.equal(success!.parts[2]!.type, "text/rfc822-headers");
  },
});

Deno.test({
  name: "reports() returns the whole message or its header",
  ...need("python3"),
  fn: async () => {
    const types = async (rest: Parameters<typeof message>[0], body = original(ORIGINAL)) =>
      (await one(message(rest), [notice("failed", failed)], body)).parts[2]!.type;
    assert.equal(await types({ parameters: { RET: "FULL" } }), "message/rfc822");
    assert.equal(await types({ parameters: { RET: "HDRS" } }), "text/rfc822-headers");
    const large = original(ORIGINAL + "more\r\n".repeat(10_000));
    assert.equal(await types({}, large), "text/rfc822-headers");
    const long = original(ORIGINAL + "x".repeat(999) + "\r\n");
    assert.equal(await types({}, long), "text/rfc822-headers");
  },
});

Deno.test({
  name: "reports() tells postmaster of a double bounce once, or nobody",
  ...need("python3"),
  fn: async () => {
    const failure = [notice("failed", failed), notice("delayed", deferred)];
    const nobody = message({ sender: null });
    const [made, ...more] = await make(nobody, failure);
    assert.deepEqual(more, []);
    assert.equal(made!.about, "double-bounce");
    assert.equal(made!.to, "postmaster");
    const [seen] = await see([made!]);
    assert.equal(seen!.fields["To"], "postmaster@mx.example.net");
    assert.deepEqual(await make(nobody, failure, undefined, { doubleBounces: "drop" }), []);
    const again = { ...nobody, origin: { ...nobody.origin, made: "double-bounce" } };
    assert.deepEqual(await make(again, failure), []);
  },
});

Deno.test({
  name: "a report quotes the server that has refused a message, in its place only",
  ...need("python3"),
  fn: async () => {
    const remote = { name: "mx.example.org", reply: "550-5.1.1 no\r\nAction: delivered" };
    const strange = { ...remote, name: "x\r\ny" };
    const seen = await one(message(), [
      notice("failed", { ...failed, remote } as Outcome),
      notice("failed", { ...failed, remote: strange } as Outcome),
    ]);
    const [, named, unnamed] = blocksOf(seen.parts[1]!.content);
    assert.equal(named!["Remote-MTA"], "dns; mx.example.org");
    assert.equal(named!["Diagnostic-Code"], "smtp; 550-5.1.1 no Action: delivered");
    assert.equal(named!["Action"], "failed");
    assert.equal(unnamed!["Remote-MTA"], undefined);
  },
});

Deno.test({
  name: "a report of success names the server that took the message, with its reply",
  ...need("python3"),
  fn: async () => {
    const remote = { name: "mx.example.org", reply: "250 2.0.0 ok" };
    const taken = { result: "delivered", reason: "mx.example.org took it", remote } as Outcome;
    const wanted = { parameters: { NOTIFY: "SUCCESS" } };
    const seen = await one(message(), [
      notice("relayed", taken, wanted),
      notice("delivered", { result: "delivered", reason: "kept" }, wanted),
    ]);
    const [, relayed, kept] = blocksOf(seen.parts[1]!.content);
    assert.deepEqual([relayed!["Remote-MTA"], relayed!["Diagnostic-Code"], relayed!["Status"]], [
      ...["dns; mx.example.org", "smtp; 250 2.0.0 ok", "2.0.0"],
    ]);
    assert.deepEqual([kept!["Remote-MTA"], kept!["Diagnostic-Code"]], [undefined, undefined]);
  },
});

Deno.test("reports() protects bounces as their messages: with REQUIRETLS (RFC 8689 section 5)", async () => {
  const parametersOf = async (parameters: Record<string, null>) =>
    (await make(message({ parameters }), [notice("failed", failed)])).map((one) => one.parameters);
  assert.deepEqual(await parametersOf({ REQUIRETLS: null }), [{ REQUIRETLS: null }]);
  assert.deepEqual(await parametersOf({}), [{}]);
});
