/**
 * Messages in chunks: what BDAT announces, and the octets behind it.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { ChunkDecoder, parseChunk } from "../../src/smtp/chunk.ts";
import { bytesOf, cuts, framing, latin1, pieces } from "./arbitraries.ts";

Deno.test("BDAT says how many octets follow, and whether they are the last ones", () => {
  assert.deepEqual(parseChunk("86"), { octets: 86, last: false });
  assert.deepEqual(parseChunk("0 LAST"), { octets: 0, last: true });
  assert.deepEqual(parseChunk("007   last "), { octets: 7, last: true });
  for (
    const wrong of [
      "",
      "LAST",
      "-1",
      "+1",
      "1.0",
      "0x10",
      "1e3",
      "1 LAS",
      "1LAST",
      "1 LAST LAST",
      "1 2",
      "٣",
    ]
  ) assert.equal(parseChunk(wrong), undefined, wrong);
});

Deno.test("BDAT says nothing with a number that nobody can count to", () => {
  assert.equal(parseChunk("9007199254740991")?.octets, 2 ** 53 - 1);
  for (const wrong of ["9007199254740992", "99999999999999999999", "1".repeat(400)]) {
    assert.equal(parseChunk(wrong), undefined, wrong);
  }
});

Deno.test("what BDAT says is read back", () => {
  fc.assert(fc.property(fc.maxSafeNat(), fc.boolean(), (octets, last) => {
    const argument = `${octets}${last ? " LAST" : ""}`;
    assert.deepEqual(parseChunk(argument), { octets, last });
  }));
  fc.assert(fc.property(fc.string(), (text) => {
    const chunk = parseChunk(text);
    if (chunk !== undefined) assert.match(text, /^[0-9]+( +last)? *$/i);
  }));
});

/** What is wrong with a text, slowly and obviously. */
function faultIn(text: string): string | undefined {
  const [found] = /\r(?!\n)|(?<!\r)\n|\0/.exec(text) ?? [];
  return found === undefined ? undefined : { "\r": "bare CR", "\n": "bare LF" }[found] ?? "NUL";
}

Deno.test("the octets of chunks are the message, however they are cut, and what is wrong is found", () => {
  fc.assert(
    fc.property(framing, cuts, cuts, framing, (text, chunks, segments, behind) => {
      const decoder = new ChunkDecoder(false);
      let body = "", rest = "";
      const parts = pieces(text, chunks);
      for (const [i, part] of parts.entries()) {
        const last = i === parts.length - 1;
        decoder.begin({ octets: part.length, last });
        const wire = latin1(part) + (last ? behind : "");
        for (const segment of pieces(wire, segments)) {
          const used = decoder.decode(segment, (run) => body += latin1(run));
          rest += latin1(segment.subarray(used));
        }
        assert.deepEqual([decoder.paused, decoder.ended], [!last, last]);
      }
      assert.deepEqual([body, rest, decoder.malformed], [text, behind, faultIn(text)]);
      const longest = Math.max(...text.split(/(?<=\r\n)/).map(({ length }) => length));
      if (faultIn(text) === undefined) assert.equal(decoder.longest, longest);
    }),
    { numRuns: 2000 },
  );
});

Deno.test("a message without lines may have any octets", () => {
  const all = latin1(Uint8Array.from({ length: 512 }, (_, i) => i));
  const decoder = new ChunkDecoder(true);
  let body = "";
  decoder.begin({ octets: 512, last: true });
  assert.equal(decoder.decode(bytesOf(all + "QUIT\r\n"), (run) => body += latin1(run)), 512);
  assert.deepEqual([body, decoder.malformed, decoder.ended], [all, undefined, true]);
});
