/**
 * Names and passwords that work with every mechanism.
 *
 * @module
 */
import assert from "node:assert/strict";
import { newPassword, userName } from "../../src/auth/rules.ts";

Deno.test("userName() takes what PLAIN and a line of a file can carry", () => {
  for (const name of ["joe", "joe@example.net", "Jörg", "a,b=c", "j".repeat(255)]) {
    assert.equal(userName(name), name);
  }
  const wrong: readonly (readonly [string, RegExp])[] = [
    ["", /^Give the name of a user/],
    ["joe:x", /^A user's name has no colon/],
    ["joe smith", /^A user's name has no space/],
    ["joe\0", /^A user's name has no character U\+0000/],
    ["joe\u200b", /^A user's name has no character U\+200B/],
    ["#joe", /^A user's name has no # first/],
    ["j".repeat(256), /at most 255 octets/],
    ["ﬁn", /^Clients send this name as fin: write that/],
  ];
  for (const [name, message] of wrong) assert.throws(() => userName(name), { message });
});

Deno.test("newPassword() is what clients send, or says why clients do not agree", () => {
  const right: readonly (readonly [string, string])[] = [
    ["correct horse", "correct horse"],
    ["ﬁne\u00a0horses", "fine horses"],
    ["pässwörter", "pässwörter"],
  ];
  for (const [written, sent] of right) assert.equal(newPassword(written), sent);
  const wrong: readonly (readonly [string, RegExp])[] = [
    ["", /^the password is empty/],
    ["\u00ad", /Only invisible characters$/],
    ["a", /has only 1 character:/],
    ["short", /has only 5 characters: take 8 or more, or let --generate make one/],
    ["with a \u0007 bell", /not the same from all clients \(RFC 4013\): Prohibited character$/],
    ["p".repeat(256), /more than 255 octets/],
  ];
  for (const [password, message] of wrong) assert.throws(() => newPassword(password), { message });
});
