import { deepEqual, equal } from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { BodyHashes } from "../../src/authenticity/body_hashes.ts";

/** The hashes of a body that comes in these pieces, with the lengths of its forms. */
function hashesOf(pieces: readonly string[]) {
  const hashes = new BodyHashes(["relaxed", "simple", "relaxed"]);
  for (const piece of pieces) hashes.add(Buffer.from(piece, "latin1"));
  return Object.fromEntries(hashes.end());
}

const hashed = (form: string) => ({
  hash: createHash("sha256").update(form, "latin1").digest("base64"),
  length: form.length,
});

/** A text without the line ends at its end. */
function withoutLineEnds(text: string): string {
  let end = text.length;
  while (text.endsWith("\r\n", end)) end -= 2;
  return text.slice(0, end);
}

/** RFC 6376 section 3.4.3, as simply as one can. */
const simple = (body: string): string => `${withoutLineEnds(body)}\r\n`;

/** RFC 6376 section 3.4.4. */
function relaxed(body: string): string {
  const lines = body.split("\r\n").map((line) => line.replace(/[ \t]+/g, " ").replace(/ $/, ""));
  const text = withoutLineEnds(lines.join("\r\n"));
  return text === "" ? "" : `${text}\r\n`;
}

Deno.test("BodyHashes has the hashes of empty bodies", () => {
  const empty = hashesOf([]);
  equal(empty.simple?.hash, "frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=");
  equal(empty.relaxed?.hash, "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
  deepEqual(hashesOf(["\r\n", "\r", "\n\r\n"]), empty);
});

Deno.test("BodyHashes does what RFC 6376 section 3.4 says, however a body is cut", () => {
  const piece = fc.array(
    fc.constantFrom(
      "a",
      "\xff",
      "\0",
      " ",
      "\t",
      "\r",
      "\n",
      "\r\n",
      "\r\n\r\n",
      "b c  d",
      "x".repeat(1500),
    ),
  ).map((parts) => parts.join(""));
  const long = fc.constantFrom("\r\n".repeat(9000), " ".repeat(20_000), "y".repeat(70_000), "\r");
  fc.assert(
    fc.property(
      fc.array(fc.oneof({ weight: 9, arbitrary: piece }, { weight: 1, arbitrary: long })),
      (pieces) => {
        const body = pieces.join("");
        deepEqual(hashesOf(pieces), {
          relaxed: hashed(relaxed(body)),
          simple: hashed(simple(body)),
        });
      },
    ),
    { numRuns: 300 },
  );
});
