/**
 * What executables.ts promises.
 *
 * @module
 */
import { chain, discard, on } from "postmaster";
import { Client } from "postmaster/testing";
import assert from "node:assert/strict";
import policy from "./executables.ts";

/** The code of the reply to a message with a file of this name. */
async function codeFor(name: string): Promise<number> {
  using client = Client.of(chain(policy, on("AddRcptTo", () => discard())));
  await client.reply();
  for (
    const line of ["HELO x", "MAIL FROM:<ann@example.org>", "RCPT TO:<joe@example.net>", "DATA"]
  ) {
    await client.command(line);
  }
  return (await client.command([
    'Content-Type: multipart/mixed; boundary="="',
    "",
    "--=",
    "",
    "Look at this.",
    "--=",
    `Content-Disposition: attachment; filename="${name}"`,
    "",
    "MZ",
    "--=--",
    ".",
  ].join("\r\n"))).code;
}

Deno.test("a message with an executable is refused, others are not", async () => {
  assert.equal(await codeFor("holidays.exe"), 554);
  assert.equal(await codeFor("HOLIDAYS.EXE"), 554);
  assert.equal(await codeFor("holidays.jpg"), 250);
});
