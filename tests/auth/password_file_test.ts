/**
 * The file of users and their secrets.
 *
 * @module
 */
import assert from "node:assert/strict";
import { parsePasswords, PasswordFileError } from "../../src/auth/password_file.ts";

const BCRYPT = "$2y$04$abcdefghijklmnopqrstuuPWRtT5yx7FBi4dcf6ROhboeNunUrLQ.";

Deno.test("parsePasswords() reads users, comments and several secrets", () => {
  const users = parsePasswords(
    `# comment\n\njoe: ${BCRYPT} SCRAM-SHA-256$4096:c2FsdA==$c3RvcmVk:c2VydmVy\njane@example.net: {BLF-CRYPT}${BCRYPT}\n`,
  );
  assert.deepEqual([...users.keys()], ["joe", "jane@example.net"]);
  const { hash, scram } = users.get("joe")!;
  assert.equal(hash, BCRYPT);
  assert.equal(scram.sha256?.iterations, 4096);
  assert.equal(new TextDecoder().decode(scram.sha256?.salt), "salt");
  assert.equal(scram.sha1, undefined);
  assert.equal(users.get("jane@example.net")?.hash, BCRYPT);
});

Deno.test("parsePasswords() says which line is wrong, and repeats no secret", () => {
  const wrong: readonly (readonly [string, number, RegExp])[] = [
    ["joe", 1, /`user: SECRET`/],
    ["joe:", 1, /`user: SECRET`/],
    [`joe: ${BCRYPT}\njoe: ${BCRYPT}`, 2, /second time/],
    ["\njoe: geheim", 2, /postmaster user passwd joe/],
    ["joe: $1$abc$geheim", 1, /postmaster user passwd joe/],
  ];
  for (const [text, line, message] of wrong) {
    assert.throws(() => parsePasswords(text), (error) => {
      assert.ok(error instanceof PasswordFileError);
      assert.equal(error.line, line);
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /geheim/);
      return true;
    });
  }
});
