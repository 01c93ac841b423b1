import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { needRoot } from "../need.ts";
import { findAccount } from "../../src/base/passwd.ts";
import { Directory, feed, postmaster, Running } from "../running.ts";

/** A server whose users are in a file that is still empty. */
const serve = (): Promise<Running> =>
  Running.start((directory) => ({
    listen: { address: "127.0.0.1:0", kind: "submission" },
    auth: {
      passwords: { file: directory.write("passwords", "# nobody yet\n") },
      "clear-text": "loopback",
    },
  }));

/** The server's reply to AUTH PLAIN. */
async function login(server: Running, user: string, password: string): Promise<number> {
  using client = await server.connect();
  await client.command("EHLO client.example.org");
  const response = Buffer.from(`\0${user}\0${password}`).toString("base64");
  return (await client.command(`AUTH PLAIN ${response}`)).code;
}

/** `postmaster user …` with the server's configuration. */
async function user(server: Running, password: string, ...args: readonly string[]): Promise<void> {
  const config = server.directory.of("postmaster.yaml");
  const { code, stderr } = await feed(password, "user", ...args, "--config", config);
  assert.equal(stderr, "");
  assert.equal(code, 0);
}

Deno.test("what user writes holds for the next client of a running server", async () => {
  await using server = await serve();
  assert.equal(await login(server, "joe", "correct horse"), 535);
  await user(server, "correct horse", "add", "joe");
  await user(server, "battery staple", "add", "jane@example.net");
  assert.equal(await login(server, "joe", "correct horse"), 235);
  assert.equal(await login(server, "joe", "battery staple"), 535);
  assert.equal(await login(server, "jane@example.net", "battery staple"), 235);
  await user(server, "another horse", "passwd", "joe");
  assert.equal(await login(server, "joe", "correct horse"), 535);
  assert.equal(await login(server, "joe", "another horse"), 235);
  await user(server, "another horse", "check", "joe");
  const config = server.directory.of("postmaster.yaml");
  const wrong = await feed("correct horse", "user", "check", "joe", "--config", config);
  assert.deepEqual([wrong.code, wrong.stderr], [1, "postmaster: the password is wrong\n"]);
  await user(server, "", "remove", "joe");
  assert.equal(await login(server, "joe", "another horse"), 535);
  assert.equal(await login(server, "jane@example.net", "battery staple"), 235);
});

Deno.test({
  name: "a file that root makes belongs to the server's user",
  ...needRoot(),
  async fn() {
    using directory = new Directory();
    const config = directory.write("postmaster.yaml", {
      hostname: "mx.example.net",
      user: "nobody",
      users: ["you"],
      auth: { passwords: { file: "passwords" } },
    });
    const { code, stderr } = await feed("correct horse", "user", "add", "joe", "--config", config);
    assert.deepEqual([code, stderr], [0, ""]);
    const { uid, mode } = Deno.statSync(directory.of("passwords"));
    assert.equal(uid, findAccount("nobody")?.uid);
    assert.equal(mode! & 0o777, 0o600);
  },
});

Deno.test("user says where no file of passwords is named", async () => {
  using directory = new Directory();
  const config = directory.write("postmaster.yaml", { users: ["you"] });
  const { code, stderr } = await postmaster("user", "list", "--config", config);
  assert.equal(code, 1);
  assert.equal(
    stderr,
    `${config}: no file of passwords: set \`auth: {passwords: {file: FILE}}\`, or use --file\n`,
  );
});

Deno.test("check names the line of a mistake in the file, and warns if others can read it", async () => {
  using directory = new Directory();
  const config = directory.write("postmaster.yaml", {
    hostname: "mx.example.net",
    listen: "127.0.0.1:0",
    users: ["you"],
    auth: { passwords: { file: "passwords" } },
    "state-directory": directory.of("state"),
  });
  const passwords = directory.write("passwords", "# users\njoe: geheim\n");
  const wrong = await postmaster("check", "--config", config);
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /passwords:2: a secret of `joe` is of no use: .* user passwd joe`\n$/);
  assert.doesNotMatch(wrong.stderr, /geheim/);
  directory.write("passwords", "");
  Deno.chmodSync(passwords, 0o644);
  const { code, stdout } = await postmaster("check", "--config", config);
  assert.equal(code, 0);
  assert.match(
    stdout,
    /warning: .*postmaster.yaml:9:15: `auth.passwords.file`: every user of .*: chmod o= /,
  );
});
