import { equal } from "node:assert/strict";
import { Buffer } from "node:buffer";
import { RelaxedBody, relaxedField } from "../../src/message/relaxed.ts";
import { Random } from "../fuzz/random.ts";

/** The canonical form of a body that comes in pieces of these lengths, in turn. */
function relaxed(text: string, lengths: readonly number[] = [text.length || 1]): string {
  const out: Buffer[] = [];
  const body = new RelaxedBody((octets) => out.push(Buffer.from(octets)));
  const all = Buffer.from(text, "latin1");
  for (let at = 0, i = 0; at < all.length; i++) {
    const length = lengths[i % lengths.length]!;
    body.add(all.subarray(at, at + length));
    at += length;
  }
  body.end();
  return Buffer.concat(out).toString("latin1");
}

/** RFC 6376 section 3.4.4, word by word. */
function expected(text: string): string {
  const lines = text.split("\r\n").map((line) =>
    line.replace(/[ \t]+$/, "").replace(/[ \t]+/g, " ")
  );
  while (lines.at(-1) === "") lines.pop();
  return lines.map((line) => `${line}\r\n`).join("");
}

Deno.test("the example of RFC 6376 section 3.4.5", () => {
  equal(relaxed(" C \r\nD \t E\r\n\r\n\r\n"), " C\r\nD E\r\n");
  equal(relaxedField("A", " X"), "a:X");
  equal(relaxedField("B", " Y\t\r\n\tZ  "), "b:Y Z");
});

Deno.test("a body without text is empty, and others end with a line end", () => {
  for (const text of ["", "\r\n", " \t\r\n\r\n \r\n", "  "]) equal(relaxed(text), "");
  for (const text of ["x", "x ", "x\r\n", "x\r\n\r\n\t"]) equal(relaxed(text), "x\r\n");
});

Deno.test("a CR or an LF alone ends no line", () => {
  equal(relaxed("a \r b\n c\r"), "a \r b\n c\r\r\n");
  equal(relaxed("a\r\r\nb"), "a\r\r\nb\r\n");
});

Deno.test("however a body is cut, its form is that of the RFC", () => {
  const random = new Random(1);
  const pieces = ["x", "word", " ", "  ", "\t", "\r\n", "\r\n\r\n", "\r", "\n", "\x01", "\xff"];
  for (let i = 0; i < 2000; i++) {
    const text = random.times(random.below(40), () => random.pick(pieces)).join("");
    const lengths = random.times(3, () => random.between(1, 9));
    equal(relaxed(text, lengths), expected(text), JSON.stringify([text, lengths]));
  }
  const long = `${"a b".repeat(20_000)}  \r\n${"\r\n".repeat(30_000)}${"c \t".repeat(20_000)}`;
  for (const length of [1, 1000, 65_536]) equal(relaxed(long, [length]), expected(long));
});
