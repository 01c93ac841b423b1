import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { rewriteBody } from "postmaster/handlers";
import { CASES, lines, UNTOUCHED } from "./rewrite_samples.ts";

const REPLACE = { no: "yes", nein: "já" };

async function* chunksOf(message: Buffer, size: () => number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < message.length;) {
    const end = at + Math.max(1, size());
    yield message.subarray(at, end);
    at = end;
  }
}

/** The message, one character an octet, with words rewritten. */
async function rewrite(
  message: string,
  size: () => number = () => 65536,
  replace: Readonly<Record<string, string>> = REPLACE,
): Promise<string> {
  const chunks = await Array.fromAsync(
    rewriteBody(chunksOf(Buffer.from(message, "latin1"), size), replace),
  );
  return Buffer.concat(chunks).toString("latin1");
}

for (const { name, before, after } of CASES) {
  Deno.test(`rewriteBody() rewrites ${name}`, async () => {
    assert.notEqual(before, after);
    assert.equal(await rewrite(before), after);
  });
}

for (const [name, message] of Object.entries(UNTOUCHED)) {
  Deno.test(`rewriteBody() leaves alone, octet by octet, ${name}`, async () => {
    assert.equal(await rewrite(message), message);
  });
}

Deno.test("rewriteBody() gives the same however the message is cut into chunks", async () => {
  const messages = [...CASES.map(({ before }) => before), ...Object.values(UNTOUCHED)];
  await Promise.all(messages.map(async (message) => {
    const whole = await rewrite(message);
    assert.equal(await rewrite(message, () => 1), whole);
    if (message.length > 10_000) return;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1 }),
        async (sizes) => {
          let i = 0;
          assert.equal(await rewrite(message, () => sizes[i++ % sizes.length]!), whole);
        },
      ),
      { numRuns: 30 },
    );
  }));
});

/** Pieces of MIME that mean something, in any order. */
const nonsense = fc.array(
  fc.constantFrom(
    "no",
    "NEIN",
    " ",
    "\r\n",
    "\r\n\r\n",
    "\r\n--a\r\n",
    "\r\n--a--\r\n",
    "\r\n--b\r\n",
    "\r\nContent-Type: text/html\r\n",
    "\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n",
    "\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n",
    "\r\nContent-Type: text/plain; charset=shift_jis\r\n",
    "\r\nContent-Type: text/plain; charset=iso-8859-15; format=flowed; delsp=yes\r\n",
    "\r\nContent-Transfer-Encoding: base64\r\n\r\n",
    "\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n",
    "\r\nContent-Transfer-Encoding: 8bit\r\n\r\n",
    "\r\nDKIM-Signature: x\r\n",
    "\r\n-----BEGIN PGP ",
    Buffer.from(" no ").toString("base64"),
    Buffer.from("\r\nno, nein").toString("base64"),
    "=",
    "=\r\n",
    "=6E",
    "=6",
    "<",
    "<b>",
    "<!--",
    "-->",
    "<script>",
    "</script>",
    "&nbsp;",
    "&eacute;",
    "&",
    '"',
    "\0",
    "\xe9",
    "\x83",
    "x".repeat(70),
  ),
  { maxLength: 40 },
).map((pieces) => pieces.join(""));

Deno.test("rewriteBody() loses no mail, whatever it is, and cuts make no difference", async () => {
  await fc.assert(
    fc.asyncProperty(nonsense, fc.integer({ min: 1, max: 30 }), async (message, size) => {
      assert.equal(await rewrite(message, undefined, { absent: "x" }), message);
      assert.equal(await rewrite(message, () => size), await rewrite(message));
    }),
    { numRuns: 500 },
  );
});

Deno.test("rewriteBody() finds every word in a text in base64 and quoted-printable, as the decoder does", async () => {
  const text = fc.array(
    fc.constantFrom("no", "No", "nein", "know", "é", " ", ", ", "\r\n", "and so on "),
    { minLength: 1, maxLength: 200 },
  ).map((words) => words.join(""));
  await fc.assert(
    fc.asyncProperty(text, fc.integer({ min: 4, max: 76 }), async (text, width) => {
      const expected = text.replace(/(?<![\p{L}])(no|nein)(?![\p{L}])/giu, (word) => {
        if (word === "nein") return "já";
        return word === "No" ? "Yes" : "yes";
      });
      const base64 = Buffer.from(text).toString("base64");
      const wrapped = (base64.match(new RegExp(`.{1,${width}}`, "g")) ?? []).join("\r\n");
      const header = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: ";
      const body = (await rewrite(`${header}base64\r\n\r\n${wrapped}\r\n`)).split("\r\n\r\n")[1]!;
      assert.equal(Buffer.from(body, "base64").toString(), expected);
      const escape = (octet: number) => {
        const character = String.fromCharCode(octet);
        return /[a-z, ]/i.test(character) ? character : `=${octet.toString(16).padStart(2, "0")}`;
      };
      const printable = [...Buffer.from(text)].map(escape).join("");
      const soft = printable.match(new RegExp(`(?:=..|[^=]){1,${Math.ceil(width / 3)}}`, "g")) ??
        [];
      const quoted = await rewrite(`${header}quoted-printable\r\n\r\n${soft.join("=\r\n")}\r\n`);
      const [, content = ""] = quoted.split(/\r\n\r\n([^]*)\r\n$/);
      const octets = content.replace(/=\r\n/g, "").replace(
        /=(..)/g,
        (_, hex) => String.fromCharCode(parseInt(hex, 16)),
      );
      assert.equal(Buffer.from(octets, "latin1").toString(), expected);
      for (const line of content.split("\r\n")) assert.ok(line.length <= 76, line);
    }),
    { numRuns: 5000 },
  );
});

Deno.test("rewriteBody() drops signatures with the first change, and waits for it", async () => {
  const signed = (text: string) =>
    lines("DKIM-Signature: a=b;", " c=d", "From: <a@example.org>", "ARC-Seal: x", "", text);
  assert.equal(await rewrite(signed("oh no")), lines("From: <a@example.org>", "", "oh yes"));
  assert.equal(await rewrite(signed("oh well")), signed("oh well"));
  const long = "x\r\n".repeat(100_000);
  assert.equal(await rewrite(signed(`${long}no`)), signed(`${long}no`), "too late");
  assert.equal(
    await rewrite(signed(`no\r\n${long}no`)),
    lines("From: <a@example.org>", "", `yes\r\n${long}yes`),
  );
});

Deno.test("rewriteBody() takes nothing but words for words", async () => {
  for (const word of ["", "a b", "a|b", "("]) {
    await assert.rejects(rewrite("\r\nno", undefined, { [word]: "x" }), /is not one word/);
  }
});
