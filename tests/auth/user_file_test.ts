/**
 * Users of a watched file, among them those who do not exist.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { Hashes } from "../../src/auth/hashes.ts";
import { parsePasswords } from "../../src/auth/password_file.ts";
import { UserFile } from "../../src/auth/user_file.ts";
import { PasswordUsers } from "../../src/auth/users.ts";
import { Secret } from "../../src/base/secret.ts";
import type { Log } from "../../src/log/event.ts";
import { Directory } from "../running.ts";

const BCRYPT = "$2y$04$abcdefghijklmnopqrstuuPWRtT5yx7FBi4dcf6ROhboeNunUrLQ.";
const KEYS =
  "8nZW+Mx3nFzRDCMzc8RWtg==$qd6ovQdSsnpfY8aGx8ma0TQdncpNqBcsLnSjD+GFwJ0=:yqkfb4iYkcXKLty/NRBTTxYBHAbxRJZbuyolVS686hA=";
const WRONG = { refused: "the user or the password is wrong" };

/** A log, and its lines so far. */
function logOf(): { log: Log; lines: string[] } {
  const lines: string[] = [];
  const log: Log = (event, fields) => void lines.push(`${event} ${JSON.stringify(fields)}`);
  log.wants = () => true;
  return { lines, log };
}

Deno.test("users who do not exist have the same salt after a restart", async () => {
  using directory = new Directory();
  const passwords = directory.write("passwords", `joe: SCRAM-SHA-256$15000:${KEYS}\n`);
  const saltIn = async (state: string) => {
    using file = new UserFile(passwords);
    const { log, lines } = logOf();
    file.start(directory.of(state), log);
    assert.deepEqual(lines, []);
    const { salt, iterations } = await file.users.secretOf("nobody", "sha256");
    assert.equal(iterations, 15000);
    assert.equal(salt.length, 16);
    return Buffer.from(salt).toString("hex");
  };
  const salt = await saltIn("state");
  assert.equal(await saltIn("state"), salt);
  assert.notEqual(await saltIn("other"), salt);
  assert.equal(Deno.statSync(directory.of("state/pepper")).mode! & 0o777, 0o600);
});

Deno.test("a pepper that cannot be kept is logged, and the server goes on", async () => {
  using directory = new Directory();
  using file = new UserFile(directory.write("passwords", ""));
  const { log, lines } = logOf();
  directory.write("pepper", "salt");
  file.start(directory.path, log);
  assert.match(lines.join(), /^pepper not kept .*it has not 32 octets: remove it/);
  assert.deepEqual(await file.users.verify("joe", new Secret("geheim")), WRONG);
});

Deno.test("a mistake in a changed file is logged once, and the file counts as before", async () => {
  using directory = new Directory();
  const passwords = directory.write("passwords", `joe: ${BCRYPT}\n`);
  using file = new UserFile(passwords);
  const { log, lines } = logOf();
  file.start(directory.of("state"), log);
  const login = async () => "user" in await file.users.verify("joe", new Secret("geheim"));
  assert.ok(await login());
  directory.write("passwords", `jane: ${BCRYPT}\njoe\n`);
  assert.ok(await login());
  assert.ok(await login());
  assert.equal(lines.length, 1);
  assert.match(lines[0]!, /^passwords not read .*passwords:2: a line must be/);
  directory.write("passwords", `jane: ${BCRYPT}\n`);
  assert.ok(!await login());
  assert.equal(lines.length, 1);
});

Deno.test("the check of a user who does not exist is that of one who does", async () => {
  using hashes = new Hashes();
  const asked: (string | undefined)[] = [];
  const spying = new Proxy(hashes, {
    get: (target, key) =>
      key !== "verify" ? Reflect.get(target, key) : (_: string, hash: string) => {
        asked.push(hash);
        return Promise.resolve(true);
      },
  });
  const argon2 = await hashes.make("geheim");
  const table = parsePasswords(`joe: ${BCRYPT}\njane: ${argon2}\n`, "passwords");
  const users = new PasswordUsers(() => table, spying, () => new Uint8Array(32));
  const names = Array.from({ length: 32 }, (_, i) => `nobody${i}`);
  for (const name of [...names, ...names]) {
    assert.deepEqual(await users.verify(name, new Secret("geheim")), WRONG);
  }
  assert.deepEqual(new Set(asked), new Set([BCRYPT, argon2]));
  assert.deepEqual(asked.slice(0, 32), asked.slice(32));
});
