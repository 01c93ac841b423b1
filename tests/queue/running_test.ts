/**
 * The queue of a running server, from outside.
 * @module
 */
import assert from "node:assert/strict";
import { codes, Directory, postmaster, Running, type Settings, until } from "../running.ts";

/** A mailer: `good` gets mail, `late` at the second attempt, `bad` never; each attempt is noted. */
const mailer = (directory: Directory) => ({
  command: [
    "sh",
    "-c",
    `cd "$0"; echo "$1" >> attempts; case "$1" in
       late) if ! test -e late.tried; then : > late.tried; echo come again; exit 75; fi ;;
       bad) echo no such user >&2; exit 67 ;;
     esac
     cat >> "mail.$1"`,
    directory.path,
    "{user}",
  ],
});

const USERS = ["you", "good", "late", "bad"];

const withQueue = (more: Settings = {}) => (directory: Directory): Settings => ({
  users: USERS,
  mailer: mailer(directory),
  queue: { retry: ["1 s"] },
  ...more,
});

/** Sends a message and returns the reply to it. */
async function send(server: Running, ...recipients: readonly string[]): Promise<string> {
  const client = await server.connect();
  const rcpt = recipients.map((name) => `RCPT TO:<${name}@example.net>`);
  await codes(client, "EHLO client.example.org", "MAIL FROM:<you@example.net>", ...rcpt, "DATA");
  client.send("Subject: three\r\nMessage-ID: <three@example.org>\r\n\r\nHello\r\n.\r\n");
  const { code, lines } = await client.reply();
  await client.command("QUIT");
  return `${code} ${lines.join(" ")}`;
}

Deno.test("one recipient is delivered, one deferred, one fails: a retry, and a bounce", async () => {
  await using server = await Running.start(withQueue());
  const { directory } = server;
  assert.match(await send(server, "good", "late", "bad"), /^250 ok: queued as \w+$/);
  await until("the bounce has come", () => directory.read("mail.you").includes("bad@example.net"));
  await until("the retry has succeeded", () => directory.read("mail.late") !== "");
  assert.match(directory.read("mail.good"), /^Return-Path: <you@example\.net>/);
  const attempts = directory.read("attempts").trim().split("\n").toSorted();
  assert.deepEqual(attempts, ["bad", "good", "late", "late", "you"]);
  assert.match(directory.read("mail.you"), /^Return-Path: <>/);
});

Deno.test("what is accepted is delivered after a kill", async () => {
  using directory = new Directory();
  const settings = withQueue({ queue: { retry: ["1 h"] } });
  {
    await using server = await Running.start(settings, { directory });
    assert.match(await send(server, "late"), /^250/);
    await until("it was tried", () => directory.read("attempts") !== "");
    server.kill("SIGKILL");
  }
  assert.equal(directory.read("mail.late"), "");
  await using _again = await Running.start(settings, { directory });
  const { code } = await postmaster(
    "queue",
    "retry",
    "--all",
    "--config",
    directory.of("postmaster.yaml"),
  );
  assert.equal(code, 0);
  await until("it is delivered", () => directory.read("mail.late").includes("three"));
});

Deno.test("a delivery of a target of one's own learns that the server stops, and is settled", async () => {
  await using server = await Running.start((directory) => ({
    handlers: [directory.write(
      "policy.ts",
      `import { defineTarget, on } from "postmaster";
       const slow = defineTarget("slow", {
         open: (_args, { signal, log }) => ({
           recipient: () => {},
           body: () => new Promise((_resolve, reject) => {
             signal.addEventListener("abort", () => reject(new Error("the server stops")));
             log("begun");
           }),
           commit: () => [],
           abort: () => {},
         }),
       });
       export default on("AddRcptTo", () => slow({}));`,
    )],
    queue: {},
    limits: { "shutdown-timeout": "1 s", "write-timeout": "1 s" },
  }));
  assert.match(await send(server, "joe"), /^250/);
  await server.logs(/ text=begun/);
  assert.equal(await server.stop(), 0);
  assert.match(await server.logs(/ deferred /), /the server stops/);
});
