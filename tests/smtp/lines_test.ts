/**
 * Cutting lines.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { LineCutter, TOO_LONG } from "../../src/smtp/lines.ts";
import { octetsCopied } from "../copied.ts";
import { bytesOf, cuts, framing, latin1, pieces } from "./arbitraries.ts";

const CAP = 16;

/** All lines of the pieces, taken after each of them, and what is left. */
function cut(chunks: readonly Uint8Array[], cap: number): { lines: string[]; rest: string } {
  const cutter = new LineCutter(cap);
  const lines: string[] = [];
  for (const chunk of chunks) {
    cutter.feed(chunk);
    for (let line = cutter.next(); line !== undefined; line = cutter.next()) {
      lines.push(line === TOO_LONG ? "TOO LONG" : latin1(line));
    }
  }
  return { lines, rest: latin1(cutter.takeRest()) };
}

const cutText = (text: string, cap = CAP) => cut([bytesOf(text)], cap);

/** The same, slowly and obviously. */
function reference(text: string, cap: number): string[] {
  const given = (part: string, ends: number) => part.length + ends > cap ? "TOO LONG" : part;
  const lines = text.split("\r\n").map((line) => {
    const parts = line.split("\n").map((part, i) => i > 0 ? `\n${part}` : part);
    const last = parts.pop()!;
    return { parts: parts.map((part) => given(`${part}\n`, 0)), last: given(last, 2) };
  });
  const unfinished = lines.pop()!;
  return [...lines.flatMap(({ parts, last }) => [...parts, last]), ...unfinished.parts];
}

Deno.test("LineCutter cuts at CRLF", () => {
  assert.deepEqual(cutText("NOOP\r\n\r\nQUIT\r\nDA"), { lines: ["NOOP", "", "QUIT"], rest: "DA" });
});

for (const line of ["a\rb", "\r", "a\0b", "\r\r"]) {
  Deno.test(`LineCutter does not cut in ${JSON.stringify(line)}`, () => {
    assert.deepEqual(cutText(`${line}\r\nQUIT\r\n`), { lines: [line, "QUIT"], rest: "" });
  });
}

const BARE: readonly [string, readonly string[]][] = [
  ["a\n", ["a\n"]],
  ["\n", ["\n"]],
  ["a\nb", ["a\n"]],
  ["a\nb\n", ["a\n", "\nb\n"]],
  ["a\nb\r\nQUIT\r\n", ["a\n", "\nb", "QUIT"]],
  ["\n.\n", ["\n", "\n.\n"]],
  ["a\n\r\nQUIT\r\n", ["a\n", "\n", "QUIT"]],
  ["\n\r\rb\r\n", ["\n", "\n\r\rb"]],
  [`${"x".repeat(CAP)}\nQUIT\r\n`, ["TOO LONG", "\nQUIT"]],
  [`a\n${"x".repeat(CAP)}\nb`, ["a\n", "TOO LONG"]],
];

for (const [text, lines] of BARE) {
  Deno.test(`LineCutter waits for no CRLF after a bare LF: ${JSON.stringify(text)}`, () => {
    assert.deepEqual(cutText(text).lines, lines);
    assert.deepEqual(cut(pieces(text, [...text].map((_, i) => i)), CAP).lines, lines);
  });
}

Deno.test("LineCutter leaves out a line over the cap, CRLF included, and goes on behind it", () => {
  const just = "x".repeat(CAP - 2);
  assert.deepEqual(cutText(`${just}\r\n${just}x\r\nQUIT\r\n`).lines, [just, "TOO LONG", "QUIT"]);
});

Deno.test("LineCutter gives the same lines however the bytes come", () => {
  fc.assert(
    fc.property(framing, cuts, (text, cuts) => {
      assert.deepEqual(cut(pieces(text, cuts), CAP).lines, reference(text, CAP));
    }),
    { numRuns: 2000 },
  );
});

Deno.test("LineCutter gives the same lines when they are taken late", () => {
  fc.assert(fc.property(framing, cuts, (text, cuts) => {
    const cutter = new LineCutter(CAP);
    for (const piece of pieces(text, cuts)) cutter.feed(piece);
    assert.equal(cutter.pending, text.length);
    const lines: string[] = [];
    for (let line = cutter.next(); line !== undefined; line = cutter.next()) {
      lines.push(line === TOO_LONG ? "TOO LONG" : latin1(line));
    }
    assert.deepEqual(lines, reference(text, CAP));
  }));
});

Deno.test("takeRest() gives everything behind the lines taken, and forgets it", () => {
  fc.assert(fc.property(framing, cuts, (text, cuts) => {
    const cutter = new LineCutter(1000);
    cutter.feed(bytesOf("DATA\r\n"));
    for (const piece of pieces(text, cuts)) cutter.feed(piece);
    assert.equal(latin1(cutter.next() as Uint8Array), "DATA");
    assert.equal(latin1(cutter.takeRest()), text);
    assert.equal(cutter.pending, 0);
    cutter.feed(bytesOf("QUIT\r\n"));
    assert.equal(latin1(cutter.next() as Uint8Array), "QUIT");
  }));
});

Deno.test("LineCutter holds no more than the cap of a line without an end", () => {
  const cutter = new LineCutter(512);
  const chunk = new Uint8Array(1000).fill(0x78);
  for (let i = 0; i < 1000; i++) {
    cutter.feed(chunk);
    assert.equal(cutter.next(), undefined);
    assert.ok(cutter.pending <= 512);
  }
  cutter.feed(bytesOf("\r\nQUIT\r\n"));
  assert.equal(cutter.next(), TOO_LONG);
  assert.equal(latin1(cutter.next() as Uint8Array), "QUIT");
});

Deno.test("LineCutter does not keep a large chunk for the start of a line in it", () => {
  const chunk = bytesOf(`${"NOOP\r\n".repeat(10_000)}QUI`);
  const cutter = new LineCutter(512);
  cutter.feed(chunk);
  while (cutter.next() !== undefined);
  assert.equal(cutter.takeRest().buffer.byteLength, 3);
});

Deno.test("LineCutter copies a few times what it is fed, taken at once or late, octet by octet", () => {
  const text = "NOOP\r\n".repeat(10_000);
  for (const late of [false, true]) {
    const cutter = new LineCutter(512);
    let lines = 0;
    const copied = octetsCopied(() => {
      for (const octet of bytesOf(text)) {
        cutter.feed(Uint8Array.of(octet));
        while (!late && cutter.next() !== undefined) lines++;
      }
      while (cutter.next() !== undefined) lines++;
    });
    assert.equal(lines, 10_000);
    assert.ok(copied < 4 * text.length, `${copied} octets copied of ${text.length}`);
  }
});

Deno.test("LineCutter copies a few times what it is fed of a line that never ends", () => {
  const cutter = new LineCutter(512);
  const copied = octetsCopied(() => {
    for (let i = 0; i < 60_000; i++) {
      cutter.feed(Uint8Array.of(0x78));
      cutter.next();
    }
  });
  assert.ok(copied < 4 * 60_000, `${copied} octets copied`);
});

Deno.test("LineCutter cuts at LF where it is tolerated, and skips lines that are too long", () => {
  fc.assert(fc.property(framing, cuts, (text, cuts) => {
    const cutter = new LineCutter(CAP, true);
    const lines: string[] = [];
    for (const piece of pieces(`${text}\n`, cuts)) {
      cutter.feed(piece);
      for (let line = cutter.next(); line !== undefined; line = cutter.next()) {
        lines.push(line === TOO_LONG ? "TOO LONG" : latin1(line));
      }
    }
    const wanted = `${text}\n`.match(/[^\n]*\n/g)!
      .map((line) => line.length > CAP ? "TOO LONG" : line.replace(/\r?\n$/, ""));
    assert.deepEqual(lines, wanted);
  }));
});
