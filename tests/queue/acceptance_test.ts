/**
 * What clients are told when mail is delivered before the reply, and what then goes to the queue.
 * @module
 */
import assert from "node:assert/strict";
import { codes, type Directory, Running, type Settings, until } from "../running.ts";

/** A mailer that ends with the code in the name of its user, and keeps what it takes. */
const settings = (more: Settings = {}) => (directory: Directory): Settings => ({
  listen: ["127.0.0.1:0", { address: "127.0.0.1:0", kind: "lmtp" }],
  users: ["you", "u0", "u67", "u75"],
  mailer: {
    command: [
      "sh",
      "-c",
      `cat > "$0/$1.$2"; echo "$1" >> "$0/tried"
       case $1 in
         u67) exit 67 ;;
         u75) if ! test -e "$0/again"; then : > "$0/again"; exit 75; fi ;;
       esac`,
      directory.path,
      "{user}",
      "{queue-id}",
    ],
  },
  deliver: "before-reply",
  queue: { retry: ["1 s"] },
  ...more,
});

const SMTP = 0, LMTP = 1;

/** Sends a message, and returns the replies to it, and the users that were tried by then. */
async function send(server: Running, kind: number, ...users: readonly string[]) {
  const client = await server.connect(server.addresses[kind]);
  const rcpt = users.map((user) => `RCPT TO:<${user}@example.net>`);
  const hello = `${kind === LMTP ? "LHLO" : "EHLO"} client.example.org`;
  await codes(client, hello, "MAIL FROM:<you@example.net>", ...rcpt, "DATA");
  client.send("Subject: hello\r\n\r\nHello\r\n.\r\n");
  const replies: string[] = [];
  for (const _ of kind === LMTP ? users : [""]) {
    const { code, lines: [line = ""] } = await client.reply();
    replies.push(`${code} ${line.replace(/ as .*/, "")}`);
  }
  return { replies, tried: triedOf(server) };
}

const triedOf = ({ directory }: Running) => directory.read("tried").trim().split("\n").sort();

Deno.test("delivered before the reply, deferred into the queue, failed with a bounce", async () => {
  await using server = await Running.start(settings());
  const { replies, tried } = await send(server, SMTP, "u0", "u67", "u75");
  assert.deepEqual(replies, ["250 ok: queued"]);
  assert.deepEqual(tried, ["u0", "u67", "u75"]);
  await until("the retry and the bounce have come", () => triedOf(server).length === 5);
  assert.deepEqual(triedOf(server), ["u0", "u67", "u75", "u75", "you"]);
  const [bounce] = server.directory.list().filter((name) => name.startsWith("you."));
  const text = server.directory.read(bounce!);
  assert.match(text, /Final-Recipient: rfc822; ?u67@example\.net/);
  assert.doesNotMatch(text, /u75@example\.net/);
});

Deno.test("what fails alone is refused, and what is delivered leaves nothing in the queue", async () => {
  await using server = await Running.start(settings());
  assert.deepEqual((await send(server, SMTP, "u67")).replies.map(codeOf), ["554"]);
  assert.deepEqual((await send(server, SMTP, "u0")).replies, ["250 ok: delivered"]);
  assert.deepEqual((await send(server, SMTP, "u75")).replies, ["250 ok: queued"]);
  await until("it was tried again", () => triedOf(server).length === 4);
  assert.deepEqual(triedOf(server), ["u0", "u67", "u75", "u75"]);
});

Deno.test("in LMTP each recipient has its reply, and what it says is not reported again", async () => {
  await using server = await Running.start(settings());
  const { replies } = await send(server, LMTP, "u0", "u67", "u75");
  assert.deepEqual(replies.map(codeOf), ["250", "554", "250"]);
  assert.match(replies[0]!, /delivered/);
  assert.match(replies[2]!, /queued/);
  await until("it was tried again", () => triedOf(server).length === 4);
  await server.logs(/ delivered .*u75@example\.net.* attempt=2/);
  assert.deepEqual(triedOf(server), ["u0", "u67", "u75", "u75"]);
});

Deno.test("a target and a handler say when mail is delivered", async () => {
  await using server = await Running.start((directory) => {
    const policy = directory.write(
      "policy.ts",
      `import { on } from "postmaster";
       export default on("Deliver", (event, next, { recipients }) =>
         next(recipients.length === 2 ? { ...event, deliver: "before-reply" } : event));`,
    );
    const { mailer, ...rest } = settings({ deliver: "before-reply", handlers: [policy] })(
      directory,
    );
    return { ...rest, mailer: { ...mailer as object, deliver: "queued" } };
  });
  assert.deepEqual((await send(server, SMTP, "u67")).replies, ["250 ok: queued"]);
  await until("the bounce has come", () => triedOf(server).length === 2);
  assert.deepEqual((await send(server, SMTP, "u0", "you")).replies, ["250 ok: delivered"]);
});

const codeOf = (reply: string): string => reply.slice(0, 3);
