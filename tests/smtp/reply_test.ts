/**
 * Replies.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  assembleReply,
  faultInReply,
  faultInText,
  MAX_REPLY_TEXT,
  parseReplyLine,
  printReply,
  type WireReply,
} from "../../src/smtp/reply.ts";
import { defaultStatus } from "../../src/smtp/status.ts";

Deno.test("printReply() gives every line code and status", () => {
  const reply: WireReply = { code: 550, enhanced: "5.1.1", lines: ["no such", "mailbox"] };
  assert.equal(printReply(reply, true), "550-5.1.1 no such\r\n550 5.1.1 mailbox\r\n");
  assert.equal(printReply(reply, false), "550-no such\r\n550 mailbox\r\n");
});

Deno.test("printReply() puts the usual status where none was said, and none to 3xx", () => {
  assert.equal(printReply({ code: 250, lines: ["ok"] }, true), "250 2.0.0 ok\r\n");
  assert.equal(printReply({ code: 354, lines: ["go on"] }, true), "354 go on\r\n");
});

const FAULTS: readonly [unknown, RegExp][] = [
  [{ code: 199, lines: ["x"] }, /199 is not a reply code/],
  [{ code: 600, lines: ["x"] }, /not a reply code/],
  [{ code: 260, lines: ["x"] }, /not a reply code/],
  [{ code: 250.5, lines: ["x"] }, /not a reply code/],
  [{ code: NaN, lines: ["x"] }, /not a reply code/],
  [{ code: "250", lines: ["x"] }, /not a reply code/],
  [{ code: 250, lines: [] }, /at least one line/],
  [{ code: 250, lines: "x" }, /at least one line/],
  [{ code: 250, lines: [7] }, /must be a string, not number/],
  [{ code: 250, lines: ["a", "b\r\nc"] }, /printable ASCII: "b\\r\\nc" has "\\r" at column 2/],
  [{ code: 250, lines: ["\u760d\u760a"] }, /printable ASCII/],
  [{ code: 250, lines: ["\t"] }, /printable ASCII/],
  [{ code: 250, lines: ["x".repeat(MAX_REPLY_TEXT + 1)] }, /490 characters/],
  [{ code: 250, enhanced: "5.0.0", lines: ["x"] }, /"5.0.0" is not an enhanced status/],
  [{ code: 354, enhanced: "3.0.0", lines: ["x"] }, /not an enhanced status/],
  [{ code: 250, enhanced: "2.0", lines: ["x"] }, /not an enhanced status/],
  [{ code: 250, enhanced: "2.0.0\r\n", lines: ["x"] }, /not an enhanced status/],
];

for (const [reply, fault] of FAULTS) {
  Deno.test(`faultInReply() finds what is wrong: ${fault.source}, ${JSON.stringify(reply)}`, () => {
    assert.match(faultInReply(reply as WireReply) ?? "", fault);
  });
}

Deno.test("a line of the longest text fits in 512 octets", () => {
  const reply: WireReply = {
    code: 550,
    enhanced: "5.999.999",
    lines: ["x".repeat(MAX_REPLY_TEXT), "y"],
  };
  assert.equal(faultInReply(reply), undefined);
  assert.ok(printReply(reply, true).indexOf("\n") < 512);
});

const LINES: readonly [string, ReturnType<typeof parseReplyLine>][] = [
  ["250 ok", { code: 250, last: true, text: "ok" }],
  ["250-ok", { code: 250, last: false, text: "ok" }],
  ["250", { code: 250, last: true, text: "" }],
  ["250 ", { code: 250, last: true, text: "" }],
  ["250-", { code: 250, last: false, text: "" }],
  ["559  two", { code: 559, last: true, text: " two" }],
  ["220 a\tb", { code: 220, last: true, text: "a\tb" }],
  ["150 x", undefined],
  ["600 x", undefined],
  ["260 x", undefined],
  ["25 x", undefined],
  ["2500", undefined],
  ["250_x", undefined],
  [" 250 x", undefined],
  ["250 x\r", undefined],
  ["250 x\n", undefined],
  ["250 \0", undefined],
  ["\u0662\u0665\u0660 x", undefined], // digits, but not ours
  ["", undefined],
];

for (const [line, parsed] of LINES) {
  Deno.test(`parseReplyLine() ${parsed ? "takes" : "refuses"} ${JSON.stringify(line)}`, () => {
    assert.deepEqual(parseReplyLine(line), parsed);
  });
}

const assemble = (...lines: string[]) => assembleReply(lines.map((line) => parseReplyLine(line)!));

Deno.test("assembleReply() takes off the status that all lines share", () => {
  assert.deepEqual(assemble("250-2.1.0 a", "250 2.1.0 b"), {
    code: 250,
    enhanced: "2.1.0",
    lines: ["a", "b"],
  });
  for (
    const lines of [
      ["250-2.1.0 a", "250 b"],
      ["250-2.1.0 a", "250 2.1.5 b"],
      ["250 5.1.0 a"],
      ["250 2.1.0a"],
    ]
  ) {
    assert.deepEqual(assemble(...lines), { code: 250, lines: lines.map((line) => line.slice(4)) });
  }
});

Deno.test("assembleReply() refuses lines that are not one reply", () => {
  for (
    const lines of [[], ["250-a"], ["250 a", "250 b"], ["250-a", "550 b"], ["250 a", "250-b"]]
  ) {
    assert.equal(assemble(...lines), undefined, lines.join(" / "));
  }
});

const digit = fc.nat(9);
const reply = fc.record({
  code: fc.tuple(fc.integer({ min: 2, max: 5 }), fc.nat(5), digit)
    .map(([a, b, c]) => 100 * a + 10 * b + c),
  lines: fc.array(fc.string({ unit: "grapheme-ascii", maxLength: MAX_REPLY_TEXT }), {
    minLength: 1,
  }),
  status: fc.option(fc.tuple(fc.nat(999), fc.nat(999))),
}).map(({ code, lines, status }): WireReply => {
  const severity = Math.floor(code / 100);
  return status === null || severity === 3
    ? { code, lines }
    : { code, lines, enhanced: `${severity}.${status.join(".")}` };
});

Deno.test("printing a reply is undone by parsing and assembling it", () => {
  fc.assert(fc.property(reply, (reply) => {
    assert.equal(faultInReply(reply), undefined);
    const printed = printReply(reply, true);
    assert.ok(printed.endsWith("\r\n"));
    const enhanced = reply.enhanced ?? defaultStatus(reply.code);
    assert.deepEqual(
      assemble(...printed.slice(0, -2).split("\r\n")),
      enhanced === undefined ? reply : { ...reply, enhanced },
    );
  }));
});

Deno.test("text without fault is one line on the wire", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    if (faultInText(text) !== undefined) return;
    assert.match(printReply({ code: 250, lines: [text] }, false), /^250 [\x20-\x7e]*\r\n$/);
  }));
});
