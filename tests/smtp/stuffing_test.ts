/**
 * What the client makes of a message behind DATA, and what a server makes of that.
 *
 * @module
 */
import { equal } from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { ChunkDecoder } from "../../src/smtp/chunk.ts";
import { DotDecoder } from "../../src/smtp/dot.ts";
import { stuffed, Stuffing } from "../../src/smtp/stuffing.ts";
import { bytesOf, cuts, framing, latin1, pieces } from "./arbitraries.ts";
import { isBare, LOOK_ALIKES } from "./look_alikes.ts";

/** What is sent for a message in these chunks, none of which may change. */
function sent(verb: "DATA" | "BDAT", chunks: readonly Uint8Array[]): string {
  const before = chunks.map(latin1);
  const stuffing = new Stuffing(verb);
  const octets = [...chunks.map((chunk) => latin1(stuffing.chunk(chunk))), latin1(stuffing.end())];
  equal(chunks.map(latin1).join(), before.join());
  return octets.join("");
}

/** The same, slowly and obviously. */
const withLineEnds = (text: string) => text.replace(/\r\n|\r|\n/g, "\r\n");
const complete = (text: string) => /(^|\r\n)$/.test(text) ? text : `${text}\r\n`;

/** What a server makes of what is sent. */
function received(wire: string, cuts: readonly number[] = []): { body: string; behind: string } {
  const decoder = new DotDecoder();
  let body = "";
  let behind = "";
  for (const chunk of pieces(wire, cuts)) {
    const used = decoder.ended ? 0 : decoder.decode(chunk, (run) => body += latin1(run));
    behind += latin1(chunk.subarray(used));
  }
  equal(decoder.ended, true);
  equal(decoder.malformed === "NUL" ? undefined : decoder.malformed, undefined);
  return { body, behind };
}

for (
  const [message, wire] of [
    ["", ".\r\n"],
    ["a\r\n", "a\r\n.\r\n"],
    ["a", "a\r\n.\r\n"],
    ["a\r", "a\r\n.\r\n"],
    ["a\n", "a\r\n.\r\n"],
    [".", "..\r\n.\r\n"],
    [".\r\n.\r\n..", "..\r\n..\r\n...\r\n.\r\n"],
    ["a.b\r\n c.\r\n", "a.b\r\n c.\r\n.\r\n"],
    ["a\r.b\n.c\r\r\n.\n\n", "a\r\n..b\r\n..c\r\n\r\n..\r\n\r\n.\r\n"],
  ] as const
) {
  Deno.test(`a message ${JSON.stringify(message)} is sent as ${JSON.stringify(wire)}`, () => {
    for (const cuts of [[], [1], [2], [1, 2, 3, 4, 5, 6, 7, 8]]) {
      equal(sent("DATA", pieces(message, cuts)), wire);
    }
  });
}

Deno.test("a server gets the message back, wherever it is cut on either side", () => {
  fc.assert(
    fc.property(framing, cuts, cuts, (text, here, there) => {
      const { body, behind } = received(`${sent("DATA", pieces(text, here))}QUIT\r\n`, there);
      equal(body, complete(withLineEnds(text)));
      equal(behind, "QUIT\r\n");
    }),
    { numRuns: 3000 },
  );
});

Deno.test("BDAT changes line ends alone, and its chunks are the octets that it announces", () => {
  fc.assert(fc.property(framing, cuts, (text, cuts) => {
    const wire = sent("BDAT", pieces(text, cuts));
    equal(wire, withLineEnds(text));
    const decoder = new ChunkDecoder(false);
    decoder.begin({ octets: wire.length, last: true });
    decoder.decode(bytesOf(wire), () => {});
    equal(decoder.malformed === "NUL" ? undefined : decoder.malformed, undefined);
  }));
});

const SMUGGLED = "MAIL FROM:<root@example.net>\r\nRCPT TO:<joe@example.net>\r\nDATA\r\n";

for (const fake of LOOK_ALIKES) {
  Deno.test(`${JSON.stringify(fake)} leaves as text of one message`, () => {
    const text = `Subject: x\r\n\r\nhello${fake}${SMUGGLED}\r\n.\r\n`;
    for (const cuts of [[], text.split("").map((_, i) => i)]) {
      const wire = sent("DATA", pieces(text, cuts));
      equal(isBare(wire), false);
      equal(wire.indexOf("\r\n.\r\n"), wire.length - 5);
      equal(received(wire).body, withLineEnds(text));
    }
  });
}

Deno.test("a chunk in which nothing is to be changed goes on as it is", async () => {
  const chunk = Buffer.from("Subject: x\r\n\r\n" + "text.\r\n".repeat(1000));
  async function* body() {
    yield* [chunk, chunk];
  }
  const octets = await Array.fromAsync(stuffed(body()));
  equal(octets.length, 3);
  equal(octets[0], chunk);
  equal(octets[1], chunk);
});
