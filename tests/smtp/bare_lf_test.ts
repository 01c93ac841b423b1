/**
 * Data with bare LFs that are tolerated.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { BareLfDecoder } from "../../src/smtp/bare_lf.ts";
import { DotDecoder } from "../../src/smtp/dot.ts";
import { bytesOf, cuts, framing, latin1, pieces } from "./arbitraries.ts";
import { LOOK_ALIKES } from "./look_alikes.ts";

function decode(chunks: readonly Uint8Array[], decoder: DotDecoder = new BareLfDecoder()) {
  let body = "", behind = "";
  for (const chunk of chunks) {
    const before = latin1(chunk);
    const used = decoder.ended ? 0 : decoder.decode(chunk, (run) => body += latin1(run));
    behind += before.slice(used);
  }
  const { ended, malformed, longest } = decoder;
  return { body, behind, ended, malformed, longest };
}

/** The same, slowly and obviously: the strict decoder, of a text whose LFs have become CRLF. */
function reference(text: string) {
  const end = /(?<=^|\r\n)\.\r\n/.exec(text);
  const wire = end === null ? text : text.slice(0, end.index);
  const lines = wire.split(/\r?\n/).map((line, i, { length }) =>
    line === "." && i < length - 1 ? ".." : line
  );
  const strict = decode(
    [bytesOf(lines.join("\r\n") + (end === null ? "" : ".\r\n"))],
    new DotDecoder(),
  );
  return { ...strict, behind: end === null ? "" : text.slice(end.index + 3) };
}

const MESSAGES: readonly [string, string][] = [
  ["a\nb\r\n", "a\r\nb\r\n"],
  ["\n\n\r\n", "\r\n\r\n\r\n"],
  ["a\n..b\n", "a\r\n.b\r\n"],
  ["a\n.b\r\n", "a\r\nb\r\n"],
  ["a\n.\nb\r\n", "a\r\n.\r\nb\r\n"],
  ["a\n.\r\nb\r\n", "a\r\n.\r\nb\r\n"],
  ["a\r\n.\nb\r\n", "a\r\n.\r\nb\r\n"],
  ["a\n..\nb\r\n", "a\r\n.\r\nb\r\n"],
  [".\nb\r\n", ".\r\nb\r\n"],
  ["a\n.\n.\n.\r\n", "a\r\n.\r\n.\r\n.\r\n"],
];

for (const [wire, body] of MESSAGES) {
  Deno.test(`BareLfDecoder makes ${JSON.stringify(body)} of ${JSON.stringify(wire)}`, () => {
    const text = `${wire}${wire.endsWith("\r\n") ? "" : "x\r\n"}.\r\nQUIT\n`;
    const decoded = decode([bytesOf(text)]);
    assert.equal(decoded.body, wire.endsWith("\r\n") ? body : `${body}x\r\n`);
    assert.deepEqual([decoded.ended, decoded.behind, decoded.malformed], [
      true,
      "QUIT\n",
      undefined,
    ]);
  });
}

for (const fake of LOOK_ALIKES) {
  Deno.test(`BareLfDecoder is not ended by ${JSON.stringify(fake)}`, () => {
    const wire = `hello${fake}MAIL FROM:<root@example.net>\r\n\r\n.\r\nQUIT\r\n`;
    for (const chunks of [[bytesOf(wire)], pieces(wire, [...wire].map((_, i) => i))]) {
      const { body, behind, malformed } = decode(chunks);
      assert.equal(behind, "QUIT\r\n");
      assert.ok(body.includes("MAIL FROM"));
      assert.equal(/(?<!\r)\n/.test(body), false, "no LF alone goes further");
      assert.equal(malformed !== undefined, /\r(?!\n)|\0/.test(fake));
    }
  });
}

Deno.test("BareLfDecoder does what the obvious decoder does, however the bytes come", () => {
  fc.assert(
    fc.property(
      framing,
      fc.constantFrom("", "\r\n.\r\nQUIT\r\n", "\n.\r\n"),
      cuts,
      (text, end, cuts) => {
        const decoded = decode(pieces(text + end, cuts));
        const wanted = reference(text + end);
        if (wanted.malformed === undefined && wanted.ended) {
          return assert.deepEqual(decoded, wanted);
        }
        const { ended, behind, malformed } = decoded;
        assert.deepEqual([ended, behind], [wanted.ended, wanted.behind]);
        if (ended) assert.equal(malformed, wanted.malformed);
      },
    ),
    { numRuns: 5000 },
  );
});

Deno.test("BareLfDecoder changes nothing without bare LFs", () => {
  fc.assert(fc.property(framing, cuts, (text, cuts) => {
    const wire = `${text.replaceAll("\n", "").replaceAll("\r", "\r\n")}\r\n.\r\n`;
    assert.deepEqual(
      decode(pieces(wire, cuts)),
      decode(pieces(wire, cuts), new DotDecoder()),
    );
  }));
});
