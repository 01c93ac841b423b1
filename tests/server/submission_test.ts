/**
 * Submission (RFC 6409), with the program from outside: what a listener for users does that others do not.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { Client } from "postmaster/testing";
import { need } from "../need.ts";
import { Directory, run, Running, type Settings } from "../running.ts";
import { selfSigned } from "../tls/openssl.ts";
import { Hashes } from "../../src/auth/hashes.ts";
import { userLine } from "../../src/auth/edit.ts";

const PASSWORD = "correct horse";

/** A server for mail from elsewhere, and for that of its user joe. */
async function serve(
  submission: Settings = {},
  settings: Settings = {},
  isEncrypted = false,
): Promise<Running> {
  using hashes = new Hashes();
  const line = await userLine("joe", PASSWORD, hashes);
  return await Running.start((directory) => ({
    ...isEncrypted && { tls: { ...selfSigned(directory, ["mx.example.net"]) } },
    listen: [
      "127.0.0.1:0",
      { address: "127.0.0.1:0", kind: "submission", ...submission },
      { address: "127.0.0.1:0", kind: "lmtp" },
    ],
    users: ["joe", "jane"],
    auth: {
      passwords: { file: directory.write("passwords", `${line}\n`) },
      listeners: ["smtp", "submission", "lmtp"],
      "clear-text": "loopback",
    },
    relay: { command: ["tee", "-a", directory.of("sent")] },
    ...settings,
  }));
}

/** The port of a listener, for programs. */
const portOf = (server: Running, listener: number) =>
  server.addresses[listener]!.split(":").at(-1)!;

const SMTP = 0, SUBMISSION = 1, LMTP = 2;

/** A client that has said EHLO, and has authenticated if it is a user. */
async function connect(server: Running, listener: number, user?: string): Promise<Client> {
  const client = await server.connect(server.addresses[listener]);
  await client.command(`${listener === LMTP ? "LHLO" : "EHLO"} client.example.org`);
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

/** Sends a message and gives the code of its last reply. */
async function send(
  client: Client,
  from: string,
  to: string,
  text = "Subject: hello\n\nhello\n",
): Promise<number> {
  await client.command("RSET");
  for (const line of [`MAIL FROM:<${from}>`, `RCPT TO:<${to}>`, "DATA"]) {
    const { code } = await client.command(line);
    if (code >= 400) return code;
  }
  return await code(client, `${text.replaceAll("\n", "\r\n")}.`);
}

Deno.test("mail to elsewhere is relayed for users at a listener for submission, and for nobody else", async () => {
  await using server = await serve();
  const elsewhere = [
    "ann@example.com",
    '"ann@example.com"@example.org',
    "ann%example.com@example.org",
  ];
  for (
    const [listener, user] of [
      ...[[SMTP, undefined], [SMTP, "joe"], [LMTP, undefined], [LMTP, "joe"]] as const,
      [SUBMISSION, undefined] as const,
    ]
  ) {
    using client = await connect(server, listener, user);
    for (const to of [...elsewhere, "nobody@example.net"]) {
      const refusal = listener === SUBMISSION ? 530 : 550;
      assert.equal(await send(client, "joe@example.net", to), refusal, `${user} ${to}`);
      await client.command("RSET");
      assert.ok(await code(client, `RCPT TO:<${to}>`) >= 500);
    }
  }
  assert.equal(server.directory.read("sent"), "");
  using client = await connect(server, SUBMISSION, "joe");
  assert.equal(await send(client, "joe@example.net", "ann@example.com"), 250);
  assert.equal(await send(client, "joe@example.net", "jane@example.net"), 250);
  assert.equal(await send(client, "joe@example.net", "nobody@example.net"), 550);
  assert.equal(server.directory.read("sent").match(/^Subject/gm)?.length, 1);
  assert.equal(server.directory.read("mail").match(/^Subject/gm)?.length, 1);
});

Deno.test("without `relay`, or with `submission: {relay: false}`, users write to this server only", async () => {
  for (const settings of [{ relay: undefined }, { submission: { relay: false } }]) {
    await using server = await serve({}, settings);
    using client = await connect(server, SUBMISSION, "joe");
    assert.equal(await send(client, "joe@example.net", "ann@example.com"), 550);
    assert.equal(await send(client, "joe@example.net", "jane@example.net"), 250);
  }
});

const BARE = "To: Ann <ann>, jane,\n bob@example.com (bob)\nSubject: hello\n\nTo: ann\n";

Deno.test("the messages of users are completed, those of others are not", async () => {
  await using server = await serve();
  using client = await connect(server, SUBMISSION, "joe");
  assert.equal(await send(client, "joe", "jane", BARE), 250);
  const mail = server.directory.read("mail").replaceAll("\r", "");
  assert.match(mail, /^Return-Path: <joe@example\.net>\nDelivered-To: jane@example\.net\n/);
  assert.match(mail, /\nReceived: from client\.example\.org \(\[127\.0\.0\.1\]\)\n/);
  assert.match(mail, /\nDate: \w{3}, \d\d \w{3} \d{4} [\d:]{8} \+0000\n/);
  assert.match(mail, /\nMessage-ID: <[-\w]{36}@mx\.example\.net>\nFrom: joe@example\.net\n/);
  assert.match(
    mail,
    /\nTo: Ann <ann@example\.net>, jane@example\.net,\n bob@example\.com \(bob\)\nSubject: hello\n\nTo: ann\n$/,
  );
  for (const user of [undefined, "joe"]) {
    using stranger = await connect(server, SMTP, user);
    assert.equal(await send(stranger, "joe", "jane@example.net", BARE), 501);
    assert.equal(await send(stranger, "joe@example.net", "jane", BARE), 501);
    assert.equal(await send(stranger, "joe@example.net", "jane@example.net", BARE), 250);
    assert.ok(server.directory.read("mail").replaceAll("\r", "").endsWith(`+0000\n${BARE}`));
  }
});

Deno.test("completion has parts, and Received hides where users are if they wish", async () => {
  const submission = { complete: ["date"], "hide-client": true };
  await using server = await serve({}, { submission });
  using client = await connect(server, SUBMISSION, "joe");
  assert.equal(await send(client, "joe", "jane@example.net", BARE), 501);
  assert.equal(await send(client, "joe@example.net", "jane@example.net", BARE), 250);
  const mail = server.directory.read("mail").replaceAll("\r", "");
  assert.match(
    mail,
    /\nReceived: by mx\.example\.net with ESMTPA id .*\n(\t.*\n)*Date: .*\nTo: Ann <ann>,/,
  );
  assert.doesNotMatch(mail, /127\.0\.0\.1|client\.example\.org/);
  using stranger = await connect(server, SMTP);
  assert.equal(await send(stranger, "joe@example.net", "jane@example.net", BARE), 250);
  assert.match(
    server.directory.read("mail"),
    /Received: from client\.example\.org \(\[127\.0\.0\.1\]\)/,
  );
});

Deno.test(
  "users send as themselves over TLS, with the clients that others wrote",
  need("openssl", "swaks", "curl"),
  async () => {
    await using server = await serve({}, { handlers: ["sender-login", "require-tls"] }, true);
    const login = ["--auth-user", "joe", "--auth-password", PASSWORD, "--tls"];
    const swaks = async (...args: string[]) =>
      (await run("swaks", [
        ...["--server", "127.0.0.1", "--port", portOf(server, SUBMISSION), ...login],
        ...["--to", "ann@example.com", ...args],
      ])).stdout;
    assert.match(await swaks("--from", "joe@example.net"), /<~\s+250 2\.0\.0/);
    assert.match(
      await swaks("--from", "jane@example.net"),
      /<~\* 553 5\.7\.1 you may not use jane/,
    );
    for (
      const from of ["jane@example.net", "joe@example.net, jane@example.net", "joe@example.com"]
    ) {
      const said = await swaks("--from", "joe@example.net", "--header", `From: ${from}`);
      assert.match(said, /<~\* 550 5\.7\.1 you may not use/, from);
    }
    const curl = async (from: string) =>
      await run("curl", [
        ...["--silent", "--show-error", "--insecure", "--ssl-reqd", "--upload-file", "-"],
        ...["--url", `smtp://127.0.0.1:${portOf(server, SUBMISSION)}/client.example.org`],
        ...["--user", `joe:${PASSWORD}`, "--mail-from", from, "--mail-rcpt", "ann@example.com"],
      ], "From: Joe <joe@example.net>\r\nSubject: by curl\r\n\r\nhello\r\n");
    assert.equal((await curl("joe@example.net")).code, 0);
    assert.match((await curl("jane@example.net")).stderr, /MAIL failed: 553/);
    const sent = server.directory.read("sent");
    assert.equal(sent.match(/^Received: .*\n\tby .* with ESMTPSA/gm)?.length, 2, sent);
    assert.equal(sent.match(/^Message-ID: /gim)?.length, 2, "curl has none, swaks its own");
    using client = await connect(server, SMTP);
    assert.equal(await code(client, "MAIL FROM:<ann@example.com>"), 530, "require-tls");
  },
);

Deno.test("what a user has sent counts after a restart", async () => {
  using state = new Directory();
  const settings = {
    "state-directory": state.path,
    handlers: [{ "auth-limit": { messages: 1 } }],
  };
  for (const expected of [250, 450]) {
    await using server = await serve({}, settings);
    using client = await connect(server, SUBMISSION, "joe");
    assert.equal(await send(client, "joe@example.net", "jane@example.net"), expected);
    assert.equal(await server.stop(), 0);
  }
});
