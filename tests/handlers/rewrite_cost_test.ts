/**
 * What rewriting costs, counted in steps.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { rewriteBody } from "postmaster/handlers";
import { BlockCutter, MAX_BLOCK } from "../../src/mime/blocks.ts";
import { HeldText, type PartEncoding } from "../../handlers/held_text.ts";
import { quotedPrintable } from "../../handlers/mime_lines.ts";
import { Output } from "../../handlers/mime_output.ts";
import { charsetOf } from "../../handlers/charset.ts";
import { WordScanner } from "../../handlers/word_scanner.ts";
import { Words } from "../../handlers/words.ts";
import { lines } from "./rewrite_samples.ts";

const MB = 1_000_000;

const fill = (text: string, octets: number): Buffer =>
  Buffer.from(text.repeat(Math.ceil(octets / text.length)), "latin1");

async function* chunksOf(message: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < message.length; at += 65_536) yield message.subarray(at, at + 65_536);
}

const part = (type: string, encoding: string): Buffer =>
  Buffer.from(lines(`Content-Type: ${type}`, `Content-Transfer-Encoding: ${encoding}`, "", ""));

for (
  const [name, type, encoding, text] of [
    ["empty lines", "text/plain", "8bit", "\r\n"],
    ["lines of one octet", "text/plain", "8bit", "a\n"],
    ["lines of one word that changes", "text/plain", "8bit", "no\r\n"],
    ["words that change", "text/plain", "8bit", "no "],
    ["tags", "text/html", "8bit", "<b>no"],
    ["soft line breaks", "text/plain", "quoted-printable", "=\r\n"],
    ["words in quoted-printable", "text/plain", "quoted-printable", "no=20\r\n"],
    ["base64 in lines of a word", "text/plain", "base64", "bm8g\r\n"],
    ["base64 in empty lines", "text/plain", "base64", "\r\n"],
    ["what looks like boundaries", "multipart/mixed; boundary=b", "8bit", "--\r\n"],
    ["boundaries", "multipart/mixed; boundary=b", "8bit", "--b\r\n"],
  ] as const
) {
  Deno.test(`rewriteBody() gives ${name} in few pieces`, async () => {
    const message = Buffer.concat([part(type, encoding), fill(text, MB)]);
    let pieces = 0;
    for await (const _ of rewriteBody(chunksOf(message), { no: "yes" })) pieces++;
    assert.ok(pieces <= MB / 4096, `${pieces} pieces`);
  });
}

Deno.test("lines come in blocks, however short they are", () => {
  const blocks: Buffer[] = [];
  const cutter = new BlockCutter((block) => blocks.push(block));
  const short = fill("a\n", MB), long = fill("x", 3 * MAX_BLOCK + 1);
  const message = Buffer.concat([short, long, Buffer.from("\nend")]);
  for (let at = 0; at < message.length; at += 50_000) {
    cutter.write(message.subarray(at, at + 50_000));
  }
  cutter.end();
  assert.ok(Buffer.concat(blocks).equals(message));
  assert.ok(blocks.length < 100, `${blocks.length} blocks`);
  for (const block of blocks) assert.ok(block.length <= MAX_BLOCK);
  const pieces = blocks.filter((block) => block.at(-1) !== 0x0a);
  assert.deepEqual(pieces.map(({ length }) => length), [MAX_BLOCK, MAX_BLOCK, MAX_BLOCK, 3]);
});

/** Octets that an encoding is given to look at, for each octet of some lines that come one by one. */
function looksAt(line: string, end: string): number {
  let looked = 0;
  const counting: PartEncoding = {
    ...quotedPrintable,
    decode: (raw, last) => (looked += raw.length, quotedPrintable.decode(raw, last)),
    edit: (raw, ...edits) => (looked += raw.length, quotedPrintable.edit(raw, ...edits)),
  };
  const kind = { charset: charsetOf("utf-8")!, ascii: false, write: String, masks: [] };
  const held = new HeldText(
    counting,
    new WordScanner(new Words({ no: "yes" }), kind),
    new Output(),
  );
  let given = 0;
  for (let run = 0; run < 3; run++) {
    for (let i = 0; i < 4000; i++, given += line.length) held.write(Buffer.from(line));
    held.write(Buffer.from(end));
  }
  held.end();
  return looked / given;
}

Deno.test("quoted-printable is looked at a few times, however its words lie across lines", () => {
  for (const line of ["a=\n", "@no=\n", "no =\n", "n=\no n=\n", "no\n"]) {
    const times = looksAt(line, " \r\n");
    assert.ok(times < 4, `${JSON.stringify(line)}: ${times} times`);
  }
});

Deno.test("rewriteBody() lets others go on", async () => {
  let turns = 0;
  const timer = setInterval(() => turns++, 0);
  const message = Buffer.concat([part("text/plain", "8bit"), fill("no ", 8 * MB)]);
  for await (const _ of rewriteBody(chunksOf(message), { no: "yes" }));
  clearInterval(timer);
  assert.ok(turns >= 10, `${turns} turns`);
});

/** How many of so many parts are rewritten. */
async function rewritten(parts: number, header: string): Promise<number> {
  const message = lines(
    "Content-Type: multipart/mixed; boundary=b",
    "",
    ...Array.from({ length: parts }, () => lines("--b", header, "", "no")),
    "--b--",
  );
  const after = await Array.fromAsync(
    rewriteBody(chunksOf(Buffer.from(message)), { no: "yes" }),
  );
  return Buffer.concat(after).toString().split("yes").length - 1;
}

Deno.test("rewriteBody() rewrites a thousand parts of a message, and no more", async () => {
  assert.equal(await rewritten(1000, "Content-Type: text/plain"), 1000);
  assert.equal(await rewritten(3000, "Content-Type: text/plain"), 1000);
});

Deno.test("rewriteBody() leaves parts with fields alone that nobody writes", async () => {
  const type = (count: number) => `Content-Type: text/plain${"; a=b".repeat(count)}`;
  assert.equal(await rewritten(2, type(19)), 2);
  assert.equal(await rewritten(2, type(20)), 0);
  assert.equal(await rewritten(2, `Content-Type: text/plain; a=${"b".repeat(2000)}`), 2);
  assert.equal(await rewritten(2, `Content-Type: text/plain; a=${"b".repeat(2100)}`), 0);
});
