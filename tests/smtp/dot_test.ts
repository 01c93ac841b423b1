/**
 * The end of data and the dots before it.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { DotDecoder } from "../../src/smtp/dot.ts";
import { bytesOf, cuts, framing, latin1, pieces } from "./arbitraries.ts";
import { isBare, LOOK_ALIKES } from "./look_alikes.ts";

/** What comes of a message on the wire. */
interface Decoded {
  readonly body: string;
  readonly ended: boolean;
  /** What stands behind the end and was left alone. */
  readonly behind: string;
  readonly malformed: "bare CR" | "bare LF" | "NUL" | undefined;
  readonly longest: number;
}

function decode(chunks: readonly Uint8Array[]): Decoded {
  const decoder = new DotDecoder();
  let body = "";
  let behind = "";
  for (const chunk of chunks) {
    const used = decoder.ended ? 0 : decoder.decode(chunk, (run) => {
      assert.ok(run.length > 0, "an empty run");
      body += latin1(run);
    });
    behind += latin1(chunk.subarray(used));
  }
  const { ended, malformed, longest } = decoder;
  return { body, ended, behind, malformed, longest };
}

/** The same, slowly and obviously: cut into lines at CRLF, look for the line that is one dot. */
function reference(text: string): Decoded {
  const pieces = text.split("\r\n");
  const end = pieces.findIndex((line, i) => line === "." && i < pieces.length - 1);
  const ended = end >= 0;
  const wire = ended ? pieces.slice(0, end) : pieces;
  const lines = wire.map((line) => line.startsWith(".") ? line.slice(1) : line);
  // deno-lint-ignore no-control-regex -- NUL is what is looked for
  const bare = /[\r\n\0]/.exec(lines.join(" "))?.[0];
  const complete = ended ? lines : lines.slice(0, -1);
  return {
    body: ended ? complete.map((line) => `${line}\r\n`).join("") : lines.join("\r\n"),
    ended,
    behind: ended ? pieces.slice(end + 1).join("\r\n") : "",
    malformed: bare === undefined
      ? undefined
      : bare === "\0"
      ? "NUL"
      : bare === "\r"
      ? "bare CR"
      : "bare LF",
    longest: Math.max(0, ...complete.map((line) => line.length + 2)),
  };
}

const decodeText = (text: string) => decode([bytesOf(text)]);

const MESSAGES: readonly [string, string][] = [
  [".\r\n", ""],
  ["a\r\n.\r\n", "a\r\n"],
  ["..\r\n.\r\n", ".\r\n"],
  [".a\r\n.\r\n", "a\r\n"],
  ["...\r\n.\r\n", "..\r\n"],
  ["a.\r\n.\r\n", "a.\r\n"],
  ["a\r\n..b\r\n\r\n..\r\n.\r\n", "a\r\n.b\r\n\r\n.\r\n"],
  ["\r\n\r\n.\r\n", "\r\n\r\n"],
  [". \r\n.\r\n", " \r\n"],
  ["\x01\xff\r\n.\r\n", "\x01\xff\r\n"],
];

for (const [wire, body] of MESSAGES) {
  Deno.test(`DotDecoder makes ${JSON.stringify(body)} of ${JSON.stringify(wire)}`, () => {
    const decoded = decodeText(`${wire}QUIT\r\n`);
    assert.equal(decoded.body, body);
    assert.equal(decoded.ended, true);
    assert.equal(decoded.behind, "QUIT\r\n");
    assert.equal(decoded.malformed, undefined);
  });
}

const SMUGGLED = "MAIL FROM:<root@example.net>\r\nRCPT TO:<joe@example.net>\r\nDATA\r\n";

for (const fake of LOOK_ALIKES) {
  Deno.test(`DotDecoder is not ended by ${JSON.stringify(fake)}`, () => {
    const wire = `Subject: x\r\n\r\nhello${fake}${SMUGGLED}\r\n.\r\nQUIT\r\n`;
    for (const chunks of [[bytesOf(wire)], pieces(wire, wire.split("").map((_, i) => i))]) {
      const decoded = decode(chunks);
      assert.equal(decoded.behind, "QUIT\r\n");
      assert.ok(decoded.body.includes(SMUGGLED));
      assert.equal(decoded.malformed !== undefined, isBare(fake) || fake.includes("\0"));
    }
  });
}

Deno.test("DotDecoder says what is malformed first, and reads on to the real end", () => {
  for (const [wire, malformed] of [["a\nb\rc", "bare LF"], ["a\rb\nc", "bare CR"]] as const) {
    const decoded = decodeText(`${wire}\r\n.\r\nQUIT`);
    assert.deepEqual([decoded.malformed, decoded.behind], [malformed, "QUIT"]);
  }
});

Deno.test("DotDecoder measures the longest line with its CRLF and without its stuffed dot", () => {
  assert.equal(decodeText("abc\r\na\r\n.\r\n").longest, 5);
  assert.equal(decodeText("..bc\r\na\r\n.\r\n").longest, 5);
  assert.equal(decodeText(".\r\n").longest, 0);
});

Deno.test("DotDecoder holds a CR behind a dot back until it knows what it is", () => {
  const decoder = new DotDecoder();
  const out: string[] = [];
  for (const chunk of ["a\r", "\n.\r", "x\r\n.", "\r", "\n"]) {
    decoder.decode(bytesOf(chunk), (run) => out.push(latin1(run)));
  }
  assert.deepEqual([out.join(""), decoder.ended], ["a\r\n\rx\r\n", true]);
});

/** Messages with long stretches of text, where the decoder goes by words of memory. */
const long = fc.array(
  fc.oneof(
    framing,
    fc.tuple(fc.constantFrom("a", "\x0e", "\x0d", "\x0a", "\x09", "\x80", "\xff"), fc.nat(70))
      .map(([char, count]) => "text".repeat(count % 9) + char.repeat(1 + count % 3)),
  ),
  { maxLength: 30 },
).map((parts) => parts.join(""));

const agree = (text: string, cuts: readonly number[]) =>
  assert.deepEqual(decode(pieces(text, cuts)), reference(text));

Deno.test("DotDecoder does what the obvious decoder does, however the bytes come", () => {
  fc.assert(
    fc.property(fc.oneof(framing, long), cuts, (text, cuts) => {
      agree(`${text}\r\n.\r\nQUIT\r\n`, cuts);
    }),
    { numRuns: 5000 },
  );
});

Deno.test("DotDecoder does what the obvious decoder does, wherever a chunk lies in memory", () => {
  fc.assert(fc.property(long, fc.nat(7), (text, offset) => {
    const wire = bytesOf(`${text}\r\n.\r\n`);
    const memory = new Uint8Array(offset + wire.length + 8).fill(0x0a);
    memory.set(wire, offset);
    const chunk = memory.subarray(offset, offset + wire.length);
    assert.deepEqual(decode([chunk]), reference(latin1(wire)));
  }));
});

/** All strings of up to `length` of the characters. */
function* strings(characters: string, length: number): Generator<string> {
  yield "";
  if (length === 0) return;
  for (const rest of strings(characters, length - 1)) {
    for (const char of characters) yield char + rest;
  }
}

Deno.test("DotDecoder does what the obvious decoder does with all short messages, cut anywhere", () => {
  for (const text of strings("\r\n.a", 6)) {
    const wire = `${text}\r\n.\r\n`;
    for (let cut = 0; cut < wire.length; cut++) agree(wire, [cut]);
  }
});

for (const line of ["..\r\n", ".\r", "\r\n", "a\r\n", "..a\r\n", ".\n", "..", "\r\n..", "\r"]) {
  Deno.test(`DotDecoder gives one run for a chunk of ${JSON.stringify(line)}, however long`, () => {
    const text = `a\r\n${line.repeat(50_000)}`;
    for (const size of [1021, 4096, text.length]) {
      const decoder = new DotDecoder();
      let chunks = 0, runs = 0;
      for (let at = 0; at < text.length; at += size, chunks++) {
        decoder.decode(bytesOf(text.slice(at, at + size)), ({ length }) => {
          if (length > 1) runs++; // one octet is a CR that was held back
        });
      }
      assert.ok(runs <= chunks, `${runs} runs of ${chunks} chunks`);
    }
  });
}

Deno.test("DotDecoder leaves what stands behind the end as it is, and changes no memory beside a chunk", () => {
  const memory = bytesOf("xx..a\r\n..b\r\n.\r\nQUIT\r\n..yy");
  const chunk = memory.subarray(2, memory.length - 2);
  const out: string[] = [];
  const used = new DotDecoder().decode(chunk, (run) => out.push(latin1(run)));
  assert.deepEqual(out, [".a\r\n.b\r\n"]);
  assert.equal(latin1(chunk.subarray(used)), "QUIT\r\n..");
  assert.equal(latin1(memory.subarray(0, 2)) + latin1(memory.subarray(-2)), "xxyy");
});

Deno.test("DotDecoder hands out everything but a CR before the end has come", () => {
  fc.assert(fc.property(framing, cuts, (text, cuts) => {
    const decoded = decode(pieces(text, cuts));
    const whole = reference(text);
    if (decoded.ended) return assert.deepEqual(decoded, whole);
    assert.ok(whole.body.startsWith(decoded.body) && whole.body.length - decoded.body.length <= 1);
  }));
});
