import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { rewriteBody } from "postmaster/handlers";
import { octetsHeld } from "../held.ts";
import { lines } from "./rewrite_samples.ts";

const MB = 1_000_000;
const SIZE = 4 * MB;

const part = (type: string, encoding = "8bit"): string =>
  lines(`Content-Type: ${type}`, `Content-Transfer-Encoding: ${encoding}`, "", "");
const PLAIN = part("text/plain; charset=utf-8");
const HTML = part("text/html; charset=utf-8");
const QUOTED = part("text/plain", "quoted-printable");
const BASE64 = part("text/plain", "base64");
const FLOWED = part("text/plain; format=flowed; delsp=yes");
const MIXED = part("multipart/mixed; boundary=b");

/** Messages of a beginning, and of something that goes on and on behind it. */
const HOSTILE: Readonly<Record<string, readonly [string, string]>> = {
  "a header": ["", "x"],
  "one line": [PLAIN, "x"],
  "one line of words": [PLAIN, "no "],
  "one line of quoted-printable": [QUOTED, "x=3D"],
  "soft line breaks": [QUOTED, "=\r\n"],
  "one word in soft line breaks": [QUOTED, "n=\r\n"],
  "tags in soft line breaks": [part("text/html", "quoted-printable"), "<=\r\n"],
  "one line of base64": [BASE64, "QUJD"],
  "one line of words in base64": [BASE64, "bm8g"],
  "base64 in lines of one character": [BASE64, "A\r\n"],
  "base64 without base64": [BASE64, "\r\n"],
  "one word of base64 behind a change": [`${BASE64}bm8gIG5v\r\n`, "QUJD"],
  "noise behind a change": [`${BASE64}bm8gIG5v\r\n`, "!\r\n"],
  "noise in base64 behind a change": [`${BASE64}bm8gIG5v\r\n`, "!\r\nA\r\n"],
  "empty lines in base64": [BASE64, "\r\nQUJD\r\n"],
  "groups of base64": [BASE64, "QUJD QUJD\r\n"],
  "base64 with spaces in it": [BASE64, "Q UJD\r\n"],
  "base64 with spaces around it": [BASE64, " QUJD \r\n"],
  "noise without an end behind a change": [`${BASE64}bm8gIG5v\r\n`, "!A"],
  "one paragraph": [FLOWED, "x \r\n"],
  "a tag": [`${HTML}<a `, "x='y' "],
  "tags": [HTML, "<"],
  "references": [HTML, "&#"],
  "a comment": [`${HTML}<!--`, "--!"],
  "a script": [`${HTML}<script>`, "</script"],
  "hyphens": [part(`multipart/mixed; boundary=${"-".repeat(70)}`), "-"],
  "boundaries": [MIXED, "--b\r\n"],
  "parts": [MIXED, "--b\r\n\r\n"],
  "headers of parts": [MIXED, "--b\r\nContent-Type: text/html\r\n"],
  "a header of a part": [`${MIXED}--b\r\n`, "x: y\r\n"],
  "what may be boundaries": [MIXED, "--bb\r\n"],
  "what waits for a change": [`DKIM-Signature: x\r\n${PLAIN}`, "\r\n"],
};

for (const [what, [beginning, more]] of Object.entries(HOSTILE)) {
  Deno.test(`rewriteBody() takes neither long nor much memory for ${what} without an end`, async () => {
    const chunk = Buffer.from(more.repeat(Math.ceil(16_384 / more.length)), "latin1");
    let given = 0, taken = 0, most = 0;
    async function* body(): AsyncGenerator<Uint8Array> {
      yield Buffer.from(beginning, "latin1");
      for (given = beginning.length; given < SIZE; given += chunk.length) {
        yield await Promise.resolve(Buffer.from(chunk)); // new ones, as a socket gives
        most = Math.max(most, octetsHeld());
      }
    }
    const before = octetsHeld();
    const start = performance.now();
    for await (const octets of rewriteBody(body(), { no: "yes" })) taken += octets.length;
    const seconds = (performance.now() - start) / 1000;
    assert.ok(taken > given - 100 && taken < 1.4 * given, `${given} octets became ${taken}`);
    assert.ok(seconds < 10, `${seconds} s`);
    assert.ok(most - before < 200 * MB, `${Math.round((most - before) / MB)} MB`);
  });
}
