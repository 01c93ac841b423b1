import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import iconv from "iconv-lite";
import { rewriteBody } from "postmaster/handlers";
import { need } from "../need.ts";
import { run } from "../running.ts";
import { lines } from "./rewrite_samples.ts";

/** Reads messages, and says of what parts they are: header, text around the parts, content. */
const PARSER = `
import base64, email, json, sys

def parts(message):
    about = [message.items(), message.preamble, message.epilogue, [type(d).__name__ for d in message.defects]]
    if message.is_multipart():
        return [about] + [part for each in message.get_payload() for part in parts(each)]
    return [about, base64.b64encode(message.get_payload(decode=True)).decode()]

messages = json.load(sys.stdin)
json.dump([parts(email.message_from_bytes(base64.b64decode(each))) for each in messages], sys.stdout)
`;

/** What the parser says of a message: contents are base64, all else stays as it is. */
type Parts = readonly (string | readonly unknown[])[];

async function parse(messages: readonly string[]): Promise<readonly Parts[]> {
  const input = JSON.stringify(
    messages.map((each) => Buffer.from(each, "latin1").toString("base64")),
  );
  const { stdout, stderr } = await run("python3", ["-c", PARSER], input);
  assert.equal(stderr, "");
  return JSON.parse(stdout);
}

/** A message or a part of one, a character an octet. */
interface Entity {
  readonly octets: string;
  /** The contents in it, in order, as they should be; `undefined` for those that stay as they are. */
  readonly contents: readonly (Buffer | undefined)[];
}

/** Charsets with a letter that is not ASCII. */
const CHARSETS = { "utf-8": "\u0440", "iso-8859-1": "\xe9", "koi8-r": "\u0440", gb18030: "\u4f60" };
const ENCODINGS = ["8bit", "quoted-printable", "base64"] as const;

/** A number for each choice that has no meaning. */
type Whims = () => number;

function encode(octets: Buffer, encoding: typeof ENCODINGS[number], whims: Whims): string {
  if (encoding === "8bit") return octets.toString("latin1");
  if (encoding === "base64") {
    const width = 4 + whims() % 73;
    return (octets.toString("base64").match(new RegExp(`.{1,${width}}`, "g")) ?? []).join("\r\n");
  }
  const quoted = octets.toString("latin1").split("\r\n").map((line) => {
    let written = "", column = 0;
    for (const [at, char] of [...line].entries()) {
      const isLastBlank = at === line.length - 1 && /[ \t]/.test(char);
      const escaped = /[^!-<>-~ \t]/.test(char) || isLastBlank || whims() % 11 === 0;
      const hex = char.charCodeAt(0).toString(16).padStart(2, "0");
      const piece = escaped ? `=${whims() % 2 === 0 ? hex : hex.toUpperCase()}` : char;
      const isBroken = column + piece.length > 75 || whims() % 13 === 0;
      written += isBroken ? `=\r\n${piece}` : piece;
      column = piece.length + (isBroken ? 0 : column);
    }
    return written;
  });
  return quoted.join("\r\n");
}

/** What should become of a text. In HTML only what stands between tags is text, and a tag ends a word. */
const rewritten = (text: string): string =>
  text.split(/(<[^>]*>)/).map((piece) =>
    piece.startsWith("<") ? piece : piece.replace(
      /(?<!\p{L})no(?!\p{L})/giu,
      (found) => ({ no: "yes", No: "Yes", NO: "YES" })[found]!,
    )
  ).join("");

const word = fc.constantFrom("no", "No", "NO", "know", "noL", "L", "L no", "n", "x".repeat(40));
const gap = fc.constantFrom(" ", "  ", "\r\n", ", ", "=", ".", "\t", "\r\n> ", "");
const words = fc.array(fc.tuple(word, gap), { maxLength: 20 });
const whims = fc.infiniteStream(fc.nat(1000));

const text: fc.Arbitrary<Entity> = fc.record({
  words,
  whims,
  charset: fc.constantFrom(...Object.keys(CHARSETS) as (keyof typeof CHARSETS)[]),
  encoding: fc.constantFrom(...ENCODINGS),
  html: fc.boolean(),
  flowed: fc.boolean(),
  attached: fc.integer({ min: 0, max: 5 }).map((n) => n === 0),
}).map(({ words, whims, charset, encoding, html, flowed, attached }) => {
  const plain = words.flat().join("").replaceAll("L", CHARSETS[charset]);
  const said = html ? `<p title="no">${plain}</p><!-- no -->` : plain;
  const type = html ? "html" : `plain${flowed ? "; format=flowed" : ""}`;
  const octets = lines(
    `Content-Type: text/${type}; charset="${charset}"`,
    `Content-Transfer-Encoding: ${encoding}`,
    ...(attached ? ['Content-Disposition: attachment; filename="no"'] : []),
    "",
    encode(iconv.encode(said, charset), encoding, () => whims.next().value),
  );
  return { octets, contents: [attached ? undefined : iconv.encode(rewritten(said), charset)] };
});

const untouched = fc.constantFrom(
  lines("Content-Type: image/png", "Content-Transfer-Encoding: base64", "", "bm8gbm8="),
  lines("Content-Type: message/rfc822", "", "Subject: no", "", "no"),
  lines("Content-Type: text/calendar", "", "no"),
).map((octets): Entity => ({ octets, contents: [undefined] }));

/** A multipart. The boundary of one inside begins as its own does. */
const multipart = (boundary: string, part: fc.Arbitrary<Entity>): fc.Arbitrary<Entity> =>
  fc.record({
    type: fc.constantFrom("mixed", "alternative", "related", "signed"),
    parts: fc.array(part, { minLength: 1, maxLength: 4 }),
  }).map(({ type, parts }) => ({
    octets: lines(
      "X-Sent: no",
      `Content-Type: multipart/${type}; boundary="${boundary}"`,
      "",
      "no",
      ...parts.map(({ octets }) => lines(`--${boundary}`, octets)),
      `--${boundary}--`,
      "no",
    ),
    contents: parts.flatMap(({ contents }) =>
      type === "signed" ? contents.map(() => undefined) : contents
    ),
  }));

const leaf = fc.oneof({ weight: 4, arbitrary: text }, { weight: 1, arbitrary: untouched });
const inner = fc.oneof(leaf, multipart("=_b1", fc.oneof(leaf, multipart("=_b12", leaf))));
const message = fc.oneof(text, multipart("=_b", inner));

async function* inChunks(octets: string, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < octets.length; at += size) {
    yield await Promise.resolve(Buffer.from(octets.slice(at, at + size), "latin1"));
  }
}

Deno.test({
  name: "what rewriteBody() makes of a message is, to another parser, the same with other words",
  ...need("python3"),
  fn: async () => {
    const messages = fc.sample(message, { numRuns: 400, seed: 5321 });
    const after = await Promise.all(messages.map(async ({ octets }, i) => {
      const chunks = rewriteBody(inChunks(octets, 1 + i), { no: "yes" });
      return Buffer.concat(await Array.fromAsync(chunks)).toString("latin1");
    }));
    const parsed = await parse([...messages.map(({ octets }) => octets), ...after]);
    let changed = 0;
    for (const [i, { octets, contents }] of messages.entries()) {
      const wanted = [...contents];
      const expected = parsed[i]!.map((part) => {
        if (typeof part !== "string") return part;
        return wanted.shift()?.toString("base64") ?? part;
      });
      assert.deepEqual(parsed[messages.length + i], expected, `${octets}\n became \n${after[i]}`);
      if (octets !== after[i]) changed++;
    }
    assert.ok(changed > 200, `${changed}`);
  },
});
