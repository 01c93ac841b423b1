/**
 * What is not logged.
 *
 * @module
 */
import assert from "node:assert/strict";
import { redact, redactCommand } from "../../src/log/redact.ts";

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

Deno.test("redactCommand() leaves commands of the standards, and of others no more than the verb", () => {
  for (const line of ["MAIL FROM:<a@b.example>", "ehlo x", "QUIT", ""]) {
    assert.equal(redactCommand(line), line);
  }
  assert.equal(redactCommand("AUTH PLAIN AGpvZQ=="), "AUTH");
  assert.equal(redactCommand("XAUTH PLAIN AGpvZQ=="), "XAUTH (20 octets)");
  assert.equal(redactCommand("XYZZY"), "XYZZY");
  assert.equal(redactCommand("correct horse"), "(13 octets)");
  assert.equal(redactCommand("xx!AGpvZQ=="), "(11 octets)");
});
