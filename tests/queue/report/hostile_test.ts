import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import type { QueuedMessage } from "../../../src/queue/entry.ts";
import type { Notice } from "../../../src/queue/report/notice.ts";
import type { Report } from "../../../src/queue/report/report.ts";
import { need } from "../../need.ts";
import { blocksOf, make, message, notice, ORIGINAL, original, see } from "./samples.ts";

/** Pieces of which texts are made that would leave their place in a report. */
const TRAPS = [
  ..."\r\n|\n|\r|\0|\t| |\r\n\r\n|\r\n |--|--=_|: |;|\r\nTo: x@example.com\r\n|=?utf-8?q?x?=".split(
    "|",
  ),
  ..."\u202e|\u2028|é|日|🦊|\ud800|{hostname}|{recipients}|\x85|\x1b[2J|$&".split("|"),
  "\r\n--=_00000000-0000-0000-0000-000000000000\r\n",
  "\r\nFinal-Recipient: rfc822;x@example.com\r\n",
  "x".repeat(1200),
];
const hostile = fc.array(
  fc.oneof(fc.constantFrom(...TRAPS), fc.string({ unit: "binary", maxLength: 8 })),
  { maxLength: 8 },
).map((pieces) => pieces.join(""));
const octets = hostile.map((text) => Buffer.from(text).toString("latin1"));

const ORIGINALS = {
  "utf-8": "utf-8;j\\x{F6}\\x{2B}e@example.net",
  x400: "X400;+2Fc+3Dx",
  wrong: "x",
};

const notices = fc.array(
  fc.record({
    reason: hostile,
    isLate: fc.boolean(),
    type: fc.constantFrom("utf-8", "x400", "wrong"),
  }),
  { minLength: 1, maxLength: 3 },
).map((all): readonly Notice[] =>
  all.map(({ reason, isLate, type }) =>
    notice(
      "failed",
      isLate
        ? { result: "deferred", status: "4.2.2", reason }
        : { result: "failed", status: "5.1.1", reason, cause: "SECRET" },
      {
        parameters: {
          ORCPT: ORIGINALS[type],
        },
      },
    )
  )
);

const messages = fc.record({
  helo: hostile,
  messageId: hostile,
  utf8: fc.boolean(),
}).map(({ helo, messageId, utf8 }): QueuedMessage => {
  const plain = message({ messageId, parameters: utf8 ? { SMTPUTF8: null } : {} });
  return { ...plain, origin: { ...plain.origin, helo: { name: helo, extended: true } } };
});

const originals = fc.record({
  header: fc.array(
    fc.tuple(fc.constantFrom("Subject: ", "X-A: ", "", "Content-Type: "), octets).map((f) =>
      f.join("")
    ),
    { maxLength: 3 },
  ),
  body: fc.option(octets),
}).map(({ header, body }) => [...header, ...body === null ? [] : ["", body]].join("\r\n"));

const FIELDS = new Set(
  "Original-Recipient,Final-Recipient,Action,Status,Diagnostic-Code,Last-Attempt-Date".split(","),
);

Deno.test({
  name: "nothing of the message, its envelope or the reason leaves its place in a report",
  ...need("python3"),
  fn: async () => {
    const cases = fc.sample(fc.tuple(messages, notices, originals), 300);
    const made: Report[] = [];
    for (const [message, notices, latin1] of cases) {
      const [report, ...others] = await make(message, notices, original(latin1, 7));
      assert.deepEqual(others, []);
      made.push(report!);
    }
    for (const [i, { fields, defects, type, parts }] of (await see(made)).entries()) {
      const [, notices, latin1] = cases[i]!;
      const about = JSON.stringify(cases[i]);
      assert.deepEqual(defects, [], about);
      assert.equal(type, "multipart/report");
      assert.equal(parts.length, 3, about);
      assert.equal(fields["To"], "jane@example.com", about);
      const [text, status, returned] = parts;
      const [first, ...blocks] = blocksOf(status!.content);
      assert.equal(first!["Reporting-MTA"], "dns; mx.example.net");
      assert.equal(blocks.length, notices.length, about);
      for (const block of blocks) {
        for (const name of Object.keys(block)) assert.ok(FIELDS.has(name), about);
        assert.match(Object.values(block).join("\n"), /^[ -~\n\x80-\xff]*$/, about);
      }
      // deno-lint-ignore no-control-regex
      assert.doesNotMatch(text!.content, /[\0-\x09\x0b\x0c\x0e-\x1f]/, about);
      assert.ok(!text!.content.includes("SECRET") && !status!.content.includes("SECRET"));
      if (/^message\/(rfc822|global)$/.test(returned!.type)) {
        assert.equal(returned!.content, latin1, about);
      } else assert.ok(latin1.startsWith(returned!.content), about);
    }
  },
});

Deno.test({
  name:
    "a message that has the boundary of its report, as far as that can be known, stays in its part",
  ...need("python3"),
  fn: async () => {
    const trap = `${ORIGINAL}\r\n--=_\r\n\r\n--\r\n`;
    const [seen] = await see(
      await make(message(), [notice("failed", {
        result: "failed",
        status: "5.0.0",
        reason: "no",
      })], original(trap)),
    );
    assert.equal(seen!.parts.length, 3);
    assert.equal(seen!.parts[2]!.content, trap);
  },
});
