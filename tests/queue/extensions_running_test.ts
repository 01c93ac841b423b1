/**
 * What the extensions of a queue promise, at a running server.
 * @module
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { userLine } from "../../src/auth/edit.ts";
import { Hashes } from "../../src/auth/hashes.ts";
import { codes, type Directory, Running, type Settings, until } from "../running.ts";

const SUBMISSION = 1;
const PASSWORD = "correct horse";
using hashes = new Hashes();
const LOGIN = await userLine("you", PASSWORD, hashes);

/** Mail for `you` arrives, that for `late` is deferred; each attempt is noted. Other mail is relayed. */
const settings = (directory: Directory): Settings => ({
  auth: {
    passwords: { file: directory.write("passwords", `${LOGIN}\n`) },
    "clear-text": "loopback",
  },
  listen: ["127.0.0.1:0", { address: "127.0.0.1:0", kind: "submission" }],
  users: ["you", "late"],
  mailer: {
    command: [
      "sh",
      "-c",
      `cd "$0"; echo "$1" >> attempts; test "$1" = late && exit 75; cat >> "mail.$1"`,
      directory.path,
      "{user}",
    ],
  },
  relay: { command: ["tee", "-a", directory.of("sent")] },
  handlers: [{ "relay-to": { domains: ["example.com"] } }],
  queue: { retry: ["1 s"] },
});

/** Sends a message with these parameters of MAIL, and returns the replies. */
async function send(
  server: Running,
  parameters: string,
  recipient: string,
  listener = 0,
): Promise<readonly number[]> {
  const client = await server.connect(server.addresses[listener]);
  const envelope = [`MAIL FROM:<you@example.net>${parameters}`, `RCPT TO:<${recipient}>`];
  await client.command("EHLO client.example.org");
  if (listener === SUBMISSION) {
    const login = Buffer.from(`\0you\0${PASSWORD}`).toString("base64");
    assert.equal((await client.command(`AUTH PLAIN ${login}`)).code, 235);
  }
  const replies = await codes(client, ...envelope, "DATA");
  if (replies.at(-1) !== 354) return replies;
  return [...replies, (await client.command("Subject: hello\r\n\r\nHello\r\n.")).code];
}

Deno.test("a server with a queue offers what it keeps, and holds messages back for their senders", async () => {
  await using server = await Running.start(settings);
  const { directory } = server;
  const offers = async (listener: number): Promise<readonly string[]> => {
    const client = await server.connect(server.addresses[listener]);
    const { lines } = await client.command("EHLO client.example.org");
    return lines.map((line) => line.split(" ")[0]!);
  };
  const [smtp, submission] = await Promise.all([0, SUBMISSION].map(offers));
  for (const name of ["DSN", "MT-PRIORITY", "DELIVERBY"]) {
    assert.ok(smtp!.includes(name) && submission!.includes(name), name);
  }
  assert.ok(submission!.includes("FUTURERELEASE") && !smtp!.includes("FUTURERELEASE"));
  for (const name of ["BINARYMIME", "REQUIRETLS"]) assert.ok(!submission!.includes(name), name);

  const start = Date.now();
  assert.equal((await send(server, " HOLDFOR=2", "you@example.net", SUBMISSION)).at(-1), 250);
  assert.equal((await send(server, "", "you@example.net")).at(-1), 250);
  const attempts = () => directory.read("attempts").split("\n").length - 1;
  await until("the other one has come", () => attempts() === 1);
  await until("it has come, too", () => attempts() === 2);
  assert.ok(Date.now() - start >= 2000);
});

Deno.test("BY: what is late fails or is told, what nobody can promise is not relayed, and traces are told", async () => {
  await using server = await Running.start(settings);
  const { directory } = server;
  const isTold = (report: RegExp) => report.test(directory.read("mail.you"));
  for (
    const [by, recipient] of [
      ["2;R", "late@example.net"],
      ["1;N", "late@example.net"],
      ["60;R", "joe@example.com"],
      ["60;NT", "joe@example.com"],
    ] as const
  ) {
    assert.equal((await send(server, ` BY=${by}`, recipient)).at(-1), 250);
  }
  await until("one has failed", () => isTold(/Action: failed\r?\n[^]*Status: 5\.4\.7/));
  await until("one was not relayed", () => isTold(/Action: failed\r?\n[^]*Status: 5\.3\.3/));
  await until("one was relayed", () => isTold(/Action: relayed/));
  await until("one is told to be late", () => isTold(/Action: delayed/));
  assert.equal(directory.read("sent").match(/^Subject: hello/gm)?.length, 1);
  const tries = () =>
    directory.read("attempts").split("\n").filter((name) => name === "late").length;
  const before = tries();
  await until("it was tried again twice", () => tries() >= before + 2);
  assert.equal(directory.read("mail.you").match(/^Action: delayed/gm)?.length, 1, "told once");
});
