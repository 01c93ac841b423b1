/**
 * Submission (RFC 6409), with the program from outside: what a listener for users does that others do not.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { Client } from "postmaster/testing";
import { Running, type Settings } from "../running.ts";
import { Hashes } from "../../src/auth/hashes.ts";
import { userLine } from "../../src/auth/edit.ts";

const PASSWORD = "correct horse";

/** A server for mail from elsewhere, and for that of its user joe. */
async function serve(submission: Settings = {}, settings: Settings = {}): Promise<Running> {
  using hashes = new Hashes();
  const line = await userLine("joe", PASSWORD, hashes);
  return await Running.start((directory) => ({
    listen: [
      "127.0.0.1:0",
      { address: "127.0.0.1:0", kind: "submission", ...submission },
    ],
    users: ["joe", "jane"],
    auth: {
      passwords: { file: directory.write("passwords", `${line}\n`) },
      listeners: ["smtp", "submission"],
      "clear-text": "loopback",
    },
    relay: { command: ["tee", "-a", directory.of("sent")] },
    ...settings,
  }));
}

const SMTP = 0, SUBMISSION = 1;

/** A client that has said EHLO, and has authenticated if it is a user. */
async function connect(server: Running, listener: number, user?: string): Promise<Client> {
  const client = await server.connect(server.addresses[listener]);
  await client.command("EHLO client.example.org");
  if (user === undefined) return client;
  const login = Buffer.from(`\0${user}\0${PASSWORD}`).toString("base64");
  assert.equal((await client.command(`AUTH PLAIN ${login}`)).code, 235);
  return client;
}

const code = async (client: Client, line: string): Promise<number> =>
  (await client.command(line)).code;

Deno.test("a listener may have limits of its own", async () => {
  await using server = await serve({ limits: { "message-size": "2 KiB", recipients: 1 } });
  for (
    const [listener, size, second] of [[SMTP, 52428800, 250], [SUBMISSION, 2048, 452]] as const
  ) {
    using client = await connect(server, listener, "joe");
    const { lines } = await client.command("EHLO client.example.org");
    assert.ok(lines.includes(`SIZE ${size}`), lines.join());
    const tooBig = `MAIL FROM:<joe@example.net> SIZE=${size + 1}`;
    assert.equal(await code(client, tooBig), 552);
    assert.equal(await code(client, "MAIL FROM:<joe@example.net>"), 250);
    assert.equal(await code(client, "RCPT TO:<joe@example.net>"), 250);
    assert.equal(await code(client, "RCPT TO:<jane@example.net>"), second);
    assert.equal(await code(client, "DATA"), 354);
    const reply = await code(client, `Subject: x\r\n\r\n${"x".repeat(2048)}\r\n.`);
    assert.equal(reply, listener === SMTP ? 250 : 552);
  }
});
