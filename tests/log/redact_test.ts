/**
 * What is not logged.
 *
 * @module
 */
import assert from "node:assert/strict";
import { redact } from "../../src/log/redact.ts";

const SECRETS = [
  "AUTH PLAIN AGpvZQBzZWNyZXQ=",
  "auth login c2VjcmV0",
  "  AUTH\tPLAIN x",
  "AUTHPLAIN x",
];
for (const line of SECRETS) {
  Deno.test(`redact() leaves only the verb of ${JSON.stringify(line)}`, () => {
    assert.equal(redact(line), "AUTH");
  });
}

Deno.test("redact() hides what follows an AUTH that was refused", () => {
  for (const line of ["c2VjcmV0", "cGFzc3dvcmQ=", "cw==", "AGpvZQBzZWNyZXQ=", " YWJj"]) {
    assert.equal(redact(line), `(${line.length} octets)`);
  }
});

Deno.test("redact() leaves other commands as they are", () => {
  for (
    const line of [
      "MAIL FROM:<auth@example.net> AUTH=<>",
      "EHLO auth.example.net",
      "",
      "STARTTLS",
      "quit",
    ]
  ) {
    assert.equal(redact(line), line);
  }
});
