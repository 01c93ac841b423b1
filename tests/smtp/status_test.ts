/**
 * Enhanced status codes.
 *
 * @module
 */
import assert from "node:assert/strict";
import { defaultStatus } from "../../src/smtp/status.ts";

Deno.test("defaultStatus() is of the reply's own class, and there is none for 3xx", () => {
  for (let code = 200; code < 600; code++) {
    const status = defaultStatus(code);
    if (code >= 300 && code < 400) assert.equal(status, undefined);
    else assert.match(status!, new RegExp(`^${Math.floor(code / 100)}\\.\\d+\\.\\d+$`), `${code}`);
  }
});

Deno.test("defaultStatus() is the general one where no other is known", () => {
  assert.equal(defaultStatus(250), "2.0.0");
  assert.equal(defaultStatus(554), "5.0.0");
  assert.equal(defaultStatus(452), "4.3.1");
});
