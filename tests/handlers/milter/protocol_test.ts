/**
 * The protocol of milters without sockets.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import fc from "fast-check";
import { FilterFault } from "../../../handlers/filters/failure.ts";
import { readAnswer } from "../../../handlers/milter/answers.ts";
import { EditableHeader } from "../../../handlers/filters/header.ts";
import {
  ACTION,
  allOf,
  packet,
  PacketReader,
  readTexts,
  STEP,
  texts,
} from "../../../handlers/milter/protocol.ts";
import { OFFER, readTerms } from "../../../handlers/milter/terms.ts";

const octets = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array));
const letter = fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code));
/** Letters that mean something come more often. */
const answer = fc.record({
  letter: fc.oneof(fc.constantFrom(..."acdfrst4pyhimb+2-eqO"), letter),
  data: fc.oneof(
    octets,
    fc.array(fc.string(), { maxLength: 4 }).map((all) => texts(all)),
    fc.array(fc.string(), { maxLength: 3 }).map((all) =>
      Buffer.concat([Buffer.from([0, 0, 0, 1]), texts(all)])
    ),
  ),
});

Deno.test("the offer has the version, all actions and all steps", () => {
  assert.equal(Buffer.from(OFFER).toString("hex"), "0000000d4f00000006000001ff001fffff");
});

Deno.test("packets are read however they are cut", () => {
  fc.assert(fc.property(
    fc.array(fc.tuple(letter, octets), { maxLength: 20 }),
    fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 }),
    (all, cuts) => {
      const reader = new PacketReader();
      const whole = Buffer.concat(all.map(([letter, data]) => packet(letter, data)));
      const read: [string, string][] = [];
      for (let from = 0, i = 0; from < whole.length; i++) {
        const length = cuts[i % cuts.length]!;
        reader.add(whole.subarray(from, from + length));
        from += length;
        for (let one; (one = reader.next()) !== undefined;) {
          read.push([one.letter, one.data.toString("hex")]);
        }
      }
      assert.deepEqual(read, all.map(([letter, data]) => [letter, data.toString("hex")]));
      assert.equal(reader.waiting, 0);
    },
  ));
});

Deno.test("a packet has one octet or more, and a mebibyte at most", () => {
  for (const length of [0, (1 << 20) + 1, 0xffffffff]) {
    const reader = new PacketReader();
    const header = Buffer.alloc(4);
    header.writeUInt32BE(length);
    reader.add(header);
    assert.throws(() => reader.next(), FilterFault);
  }
});

Deno.test("texts end with NUL, and have none", () => {
  assert.equal(texts(["a\0b", ""]).toString("hex"), "61620000");
  assert.deepEqual(readTexts(texts(["a", ""]), 1, 2), ["a", ""]);
  assert.throws(() => readTexts(texts(["a", "b", "c"]), 1, 2), FilterFault);
  assert.throws(() => readTexts(Buffer.from("a"), 1, 2), FilterFault);
});

Deno.test("the terms of an old milter spare it what it does not know", () => {
  const of = (version: number) =>
    readTerms({ letter: "O", data: Buffer.from(`0000000${version}0000000000000000`, "hex") }).steps;
  assert.deepEqual([2, 3, 4, 6].map(of), [STEP.noUnknown | STEP.noData, STEP.noData, 0, 0]);
});

Deno.test("whatever a milter sends is an answer, or a fault of the milter", () => {
  const orFault = (read: () => void) => {
    try {
      read();
    } catch (error) {
      assert.ok(error instanceof FilterFault, String(error));
    }
  };
  fc.assert(
    fc.property(answer, (packet) => {
      orFault(() => readAnswer(packet, allOf(ACTION)));
      orFault(() => readTerms(packet));
    }),
    { numRuns: 3000 },
  );
});

Deno.test("replies of milters become replies that can be sent", () => {
  const replyTo = (text: string) => {
    const read = readAnswer({ letter: "y", data: texts([text]) }, 0);
    return read.type === "verdict" ? read.verdict : undefined;
  };
  assert.deepEqual(replyTo("550 5.7.1 no"), { code: 550, enhanced: "5.7.1", lines: ["no"] });
  assert.deepEqual(replyTo("450"), { code: 450, lines: [""] });
  assert.deepEqual(replyTo("451 100%% sure\r\n"), { code: 451, lines: ["100% sure"] });
  assert.deepEqual(replyTo("550-5.7.1 one\r\n550 5.7.1 two"), {
    ...{ code: 550, enhanced: "5.7.1" },
    lines: ["one", "two"],
  });
  assert.deepEqual(replyTo("550 4.7.1 odd"), { code: 550, lines: ["odd"] });
  assert.deepEqual(replyTo("550 \x1b[31mred"), { code: 550, lines: ["?[31mred"] });
});

Deno.test("a header without changes stays octet by octet", () => {
  const line = fc.stringMatching(/^([A-Z][a-z]{0,3}[ \t]?:|[ \t])[ a-z\xe9:]{0,8}$/);
  fc.assert(fc.property(
    fc.array(line, { maxLength: 8 }),
    fc.constantFrom("", "\r\n"),
    (lines, end) => {
      const whole = Buffer.from(lines.map((one) => `${one}\r\n`).join("") + end, "latin1");
      const header = new EditableHeader(whole);
      assert.deepEqual(Buffer.from(header.octets()), whole);
      assert.deepEqual([...header.told(true)].length, [...header.told(false)].length);
    },
  ));
});

Deno.test("whatever is written into a header is one field, and the others stay", () => {
  const whole = "From: a@example.org\r\nSubject: one\r\n two\r\n\r\n";
  fc.assert(fc.property(
    fc.string({ unit: fc.constantFrom("a", ":", "\r", "\n", " ", "\t", "\xe9"), maxLength: 20 }),
    fc.integer({ min: 0, max: 4 }),
    fc.boolean(),
    (value, index, keepsSpace) => {
      const header = new EditableHeader(Buffer.from(whole, "latin1"));
      header.insert(index, "X-New", value, keepsSpace);
      const text = Buffer.from(header.octets()).toString("latin1");
      const added = /^X-New:[^\r\n]*\r\n(?:[ \t]+[^\r\n]*\r\n)*/m.exec(text)?.[0] ?? "none";
      assert.equal(text.replace(added, ""), whole);
    },
  ));
});
