/**
 * Listeners of kind `lmtp` (RFC 2033), with the program from outside.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Client } from "postmaster/testing";
import { need } from "../need.ts";
import { codes, Directory, postmaster, run, Running, type Settings } from "../running.ts";

/** A server whose mailer ends with the recipient's extension as its exit code, and keeps what it takes. */
const serve = (settings: (directory: Directory) => Settings = () => ({})) =>
  Running.start((directory) => ({
    listen: [
      { address: `unix:${directory.of("lmtp.sock")}`, kind: "lmtp" },
      { address: "127.0.0.1:0", kind: "lmtp" },
      "127.0.0.1:0",
    ],
    "recipient-delimiter": "+",
    mailer: {
      command: [
        ...["sh", "-c", 'cat > "$1/$3.$2"; exit $2', "sh"],
        ...[directory.path, "{extension}", "{queue-id}"],
      ],
    },
    ...settings(directory),
  }));

const UNIX = 0, TCP = 1, SMTP = 2;

/** The extensions of the recipients for whom mailers were started. */
const mailed = ({ directory }: Running) =>
  directory.list().map((name) => /\.(\d+)$/.exec(name)?.[1]).filter((one) => one !== undefined)
    .sort();

const DELIVERED = "you+0@example.net", DEFERRED = "you+75@example.net";
const FAILED = "you+67@example.net";

/** A client that has said LHLO. */
async function greeted(server: Running, listener = UNIX): Promise<Client> {
  const client = await server.connect(server.addresses[listener]);
  assert.equal((await client.command("LHLO client.example.org")).code, 250);
  return client;
}

/** Begins a message for these recipients, up to DATA, all at once, and returns the codes. */
async function begin(client: Client, ...recipients: readonly string[]): Promise<number[]> {
  const rcpts = recipients.map((recipient) => `RCPT TO:<${recipient}>`);
  const commands = ["MAIL FROM:<ann@example.org>", ...rcpts, "DATA"];
  client.send(commands.map((command) => `${command}\r\n`).join(""));
  return await readCodes(client, commands.length);
}

/** The next replies, with their codes and statuses. */
async function read(client: Client, count: number): Promise<string[]> {
  const replies: string[] = [];
  while (replies.length < count) {
    const { code, enhanced } = await client.reply();
    replies.push(`${code} ${enhanced}`);
  }
  return replies;
}

const readCodes = async (client: Client, count: number): Promise<number[]> =>
  (await read(client, count)).map((reply) => parseInt(reply));

const MESSAGE = "Subject: hello\r\n\r\nhello\r\n.\r\n";

/** The client has got no reply but those that were read. */
async function isQuiet(client: Client): Promise<void> {
  assert.deepEqual((await client.command("NOOP quiet")).lines, ["ok"]);
}

for (const listener of [UNIX, TCP]) {
  Deno.test(`each recipient gets the reply that is its own, in order, ${listener === UNIX ? "over a Unix socket" : "over TCP"}`, async () => {
    await using server = await serve();
    using client = await greeted(server, listener);
    const recipients = [DEFERRED, DELIVERED, "nobody@example.net", FAILED, DELIVERED];
    assert.deepEqual(await begin(client, ...recipients), [250, 250, 250, 550, 250, 250, 354]);
    client.send(MESSAGE);
    const told = ["451 4.3.0", "250 2.0.0", "554 5.1.1", "250 2.0.0"];
    assert.deepEqual(await read(client, 4), told);
    await isQuiet(client);
    assert.deepEqual(mailed(server), ["0", "67", "75"], "a recipient named twice gets one mail");

    assert.deepEqual(await begin(client, DEFERRED), [250, 250, 354]);
    client.send(MESSAGE);
    assert.deepEqual(await readCodes(client, 1), [451]);
    await isQuiet(client);
    assert.deepEqual(mailed(server), ["0", "67", "75", "75"], "only the deferred one tries again");
  });
}

Deno.test("the log says of each recipient what its client was told", async () => {
  await using server = await serve(() => ({ log: { format: "json" } }));
  using client = await greeted(server);
  await begin(client, DEFERRED, DELIVERED, FAILED, DELIVERED);
  client.send(MESSAGE);
  assert.equal((await readCodes(client, 4)).length, 4);
  assert.equal((await client.command("QUIT")).code, 221);
  assert.equal(await server.stop(), 0);
  const lines = (event: string) =>
    server.log.map((line) => JSON.parse(line)).filter(({ message }) => message === event)
      .map(({ recipient, recipients, code }) => [recipient ?? recipients, code]);
  const [deferred, delivered, failed] = [DEFERRED, DELIVERED, FAILED].map((one) => `<${one}>`);
  assert.deepEqual(lines("received"), [
    [[deferred], 451],
    [[delivered, delivered], 250],
    [[failed], 554],
  ]);
  assert.deepEqual(lines("rejected"), [[[deferred], 451], [[failed], 554]]);
  assert.deepEqual(lines("delivered"), [[delivered, undefined]]);
  assert.deepEqual(lines("deferred"), [[deferred, undefined]]);
  assert.deepEqual(lines("failed"), [[failed, undefined]]);
});

Deno.test("the hello is LHLO, and no other; the extensions are those of SMTP", async () => {
  await using server = await serve();
  using client = await server.connect();
  using smtp = await server.connect(server.addresses[SMTP]);
  const early = await client.command("MAIL FROM:<>");
  assert.deepEqual([early.code, early.lines], [503, ["say LHLO first"]]);
  for (const hello of ["HELO a.example", "EHLO a.example", "ehlo", "HELO", "LHLOX a.example"]) {
    assert.deepEqual(await codes(client, hello), [500], hello);
  }
  for (const hello of ["LHLO a.example", "lhlo", "LHLO a b"]) {
    assert.deepEqual(await codes(smtp, hello), [500], hello);
  }
  assert.deepEqual((await client.command("EHLO a.example")).lines, ["this is LMTP: say LHLO"]);
  assert.deepEqual((await smtp.command("LHLO a.example")).lines, ["this is SMTP: say EHLO"]);
  assert.deepEqual(await codes(client, "LHLO", "LHLO a b"), [501, 501]);
  const { code, lines } = await client.command("lhlo client.example.org");
  assert.equal(code, 250);
  assert.deepEqual(lines, (await smtp.command("EHLO client.example.org")).lines);
  assert.ok(lines.includes("PIPELINING") && lines.includes("ENHANCEDSTATUSCODES"));
  assert.deepEqual(await codes(client, "MAIL FROM:<>", "LHLO again.example", "RCPT TO:<you>"), [
    ...[250, 250],
    501,
  ]);
});

Deno.test("without an accepted recipient there is no message, and strangers cannot relay", async () => {
  await using server = await serve(() => ({ relay: { command: ["false"] } }));
  using client = await greeted(server, TCP);
  const refused = ["nobody@example.net", "joe@example.com"];
  assert.deepEqual(await begin(client, ...refused), [250, 550, 550, 503]);
  client.send("RSET\r\nDATA\r\n");
  assert.deepEqual(await readCodes(client, 2), [250, 503]);
});

Deno.test("what is wrong with a message is said for each recipient, and the session goes on", async () => {
  await using server = await serve(() => ({
    limits: { "message-size": "100 KiB", "header-size": "2 KiB" },
  }));
  using client = await greeted(server);
  const wrong = {
    "554 5.6.0": "Subject: bare\n\r\n.\r\n",
    "552 5.3.4": `Subject: large\r\n\r\n${"x".repeat(110 * 1024)}\r\n.\r\n`,
    "552 5.3.4 ": `Subject: ${"x".repeat(4000)}\r\n\r\n.\r\n`,
  };
  for (const [told, message] of Object.entries(wrong)) {
    assert.deepEqual(await begin(client, DELIVERED, DELIVERED, FAILED), [250, 250, 250, 250, 354]);
    client.send(message);
    assert.deepEqual(await read(client, 3), Array(3).fill(told.trim()));
    await isQuiet(client);
  }
  assert.deepEqual(mailed(server), []);
  await begin(client, DELIVERED, FAILED);
  client.send(MESSAGE);
  assert.deepEqual(await readCodes(client, 2), [250, 554]);
});

Deno.test("messages that are pipelined are answered for each recipient, in order", async () => {
  await using server = await serve();
  using client = await greeted(server);
  await begin(client, DELIVERED, FAILED);
  client.send(
    `${MESSAGE}MAIL FROM:<>\r\nRCPT TO:<${FAILED}>\r\nRCPT TO:<${DELIVERED}>\r\nDATA\r\n`,
  );
  assert.deepEqual(await readCodes(client, 6), [250, 554, 250, 250, 250, 354]);
  client.send(`${MESSAGE}QUIT\r\n`);
  assert.deepEqual(await readCodes(client, 3), [554, 250, 221]);
});

Deno.test("a message in chunks is answered for each recipient after its last chunk", async () => {
  await using server = await serve(() => ({ limits: { "message-size": "1 KiB" } }));
  using client = await greeted(server);
  const envelope = `MAIL FROM:<>\r\nRCPT TO:<${DEFERRED}>\r\nRCPT TO:<${DELIVERED}>\r\n`;
  client.send(`${envelope}BDAT 9\r\nSubject: BDAT 7 LAST\r\nx\r\n\r\n\r\n`);
  assert.deepEqual(await readCodes(client, 6), [250, 250, 250, 250, 451, 250]);
  await isQuiet(client);
  client.send(`${envelope}BDAT 2000 LAST\r\n${"x".repeat(2000)}`);
  assert.deepEqual(await readCodes(client, 5), [250, 250, 250, 552, 552]);
  await isQuiet(client);
  client.send(`${envelope}BDAT 2000\r\n${"x".repeat(2000)}BDAT 0 LAST\r\n`);
  assert.deepEqual(await readCodes(client, 5), [250, 250, 250, 552, 503]);
  await isQuiet(client);
});

Deno.test("a message in one chunk that is refused before it comes is answered for each recipient", async () => {
  const policy = `
    import { on, say } from "postmaster";
    export default on("StartData", (_event, next, { mailFrom }) =>
      mailFrom === null ? say(5, 5, 4, "no message now") : next());
  `;
  await using server = await serve((directory) => ({
    handlers: [directory.write("policy.ts", policy)],
  }));
  using client = await greeted(server);
  const envelope = `MAIL FROM:<>\r\nRCPT TO:<${DEFERRED}>\r\nRCPT TO:<${DELIVERED}>\r\n`;
  client.send(`${envelope}BDAT 6 LAST\r\nQUIT\r\n`);
  assert.deepEqual(await readCodes(client, 5), [250, 250, 250, 554, 554]);
  await isQuiet(client);
  client.send(`${envelope}BDAT 6\r\nQUIT\r\n`);
  assert.deepEqual(await readCodes(client, 4), [250, 250, 250, 554]);
  await isQuiet(client);
});

Deno.test("a message is copied as soon as one recipient has it, and never before", async () => {
  await using server = await serve(() => ({ handlers: [{ archive: { to: "you@example.net" } }] }));
  using client = await greeted(server);
  await begin(client, DEFERRED, FAILED);
  client.send(MESSAGE);
  assert.deepEqual(await readCodes(client, 2), [451, 554]);
  await begin(client, DEFERRED, DELIVERED);
  client.send(MESSAGE);
  assert.deepEqual(await readCodes(client, 2), [451, 250]);
  await codes(client, "QUIT");
  assert.equal(await server.stop(), 0);
  const copies = server.log.filter((line) => / delivered .*recipient=<?you@/.test(line));
  assert.equal(copies.length, 1, server.log.join("\n"));
});

Deno.test("a delivery that takes too long defers each recipient", async () => {
  const slow = { command: ["sh", "-c", "cat > /dev/null; sleep 60"] };
  await using server = await serve(() => ({ mailer: slow, limits: { "deliver-timeout": "1 s" } }));
  using client = await greeted(server);
  await begin(client, DELIVERED, FAILED);
  client.send(MESSAGE);
  assert.deepEqual(await readCodes(client, 2), [451, 451]);
  await isQuiet(client);
});

Deno.test("a handler that changes the reply speaks for all recipients; the end is told once", async () => {
  const policy = `
    import { chain, isPositive, on, say } from "postmaster";
    export default chain(
      on("Deliver", async (_event, next, session) => {
        session.whenTransactionEnds((accepted) => session.log("ended", { accepted }));
        const reply = await next();
        switch (session.mailFrom?.local) {
          case "copied": return { ...reply };
          case "worded": return { ...reply, lines: ["in other words"] };
          case "refused": return say(5, 5, 4, "not today");
          case "broken": throw new Error("broken");
          case "left": return say(4, 2, 1, "leaving");
          default: return reply;
        }
      }),
    );`;
  await using server = await serve((directory) => ({
    handlers: [directory.write("policy.ts", policy)],
  }));
  const cases = {
    passed: [[250, 554], true],
    copied: [[250, 250], true],
    worded: [[250, 250], true],
    refused: [[554, 554], false],
    broken: [[451, 451], false],
    left: [[421, 421], false],
  } as const;
  for (const [local, [told]] of Object.entries(cases)) {
    using client = await greeted(server);
    const commands = [`MAIL FROM:<${local}@example.org>`, `RCPT TO:<${DELIVERED}>`];
    await codes(client, ...commands, `RCPT TO:<${FAILED}>`, "DATA");
    client.send(MESSAGE);
    assert.deepEqual(await readCodes(client, 2), told, local);
    if (local === "left") assert.equal(await client.line(), undefined);
    else await isQuiet(client);
  }
  assert.equal(await server.stop(), 0);
  const ended = server.log.flatMap((line) => /\bended\b.* accepted=(\w+)/.exec(line)?.[1] ?? []);
  assert.deepEqual(ended, Object.values(cases).map(([, accepted]) => `${accepted}`));
});

const PYTHON = `
import smtplib, sys
host, port, *recipients = sys.argv[1:]
client = smtplib.LMTP(host, int(port))
print(client.sendmail("ann@example.org", recipients[0], "Subject: one\\r\\n\\r\\nby python\\r\\n"))
client.ehlo_or_helo_if_needed()
client.mail("ann@example.org")
for recipient in recipients:
    client.rcpt(recipient)
replies = [client.data("Subject: all\\r\\n\\r\\nby python\\r\\n")]
replies += [client.getreply() for _ in recipients[1:]]
print([code for code, _ in replies], client.quit()[0])
`;

Deno.test({
  name: "Python's smtplib.LMTP, over a Unix socket and TCP",
  ...need("python3"),
  async fn() {
    await using server = await serve();
    const socket = [server.directory.of("lmtp.sock"), "0"];
    const port = ["127.0.0.1", server.addresses[TCP]!.split(":").at(-1)!];
    for (const place of [socket, port]) {
      const recipients = [DELIVERED, FAILED, DEFERRED];
      const { code, stdout, stderr } = await run("python3", [
        "-c",
        PYTHON,
        ...place,
        ...recipients,
      ]);
      assert.equal(code, 0, stderr);
      assert.equal(stdout, "{}\n[250, 554, 451] 221\n");
    }
  },
});

Deno.test({
  name: "swaks speaks LMTP, over a Unix socket and TCP",
  ...need("swaks"),
  async fn() {
    await using server = await serve();
    const socket = ["--socket", server.directory.of("lmtp.sock")];
    const port = ["--server", `127.0.0.1:${server.addresses[TCP]!.split(":").at(-1)}`];
    for (const place of [socket, port]) {
      const args = ["--protocol", "LMTP", ...place, "--to", `${DELIVERED},${FAILED}`];
      const { stdout } = await run("swaks", args);
      const end = stdout.slice(stdout.lastIndexOf("\n -> .\n"));
      assert.match(end, /<\S*\s+250 2\.0\.0 ok: delivered as .*\n<\S*\s+554 5\.1\.1 /);
    }
    const [first] = server.directory.list().filter((name) => name.endsWith(".0"));
    assert.match(
      server.directory.read(first!),
      /^Received: .*\n\tby mx\.example\.net with LMTP id/m,
    );
  },
});

Deno.test({
  name: "smtp-source sends 200 messages by LMTP, with several recipients each",
  ...need("smtp-source"),
  async fn() {
    await using server = await serve(() => ({ users: ["you", "1you", "2you", "3you"] }));
    const load = ["-L", "-d", "-s", "10", "-m", "200", "-r", "3", "-t", "you@example.net"];
    const { code, stderr } = await run("smtp-source", [
      ...load,
      `unix:${server.directory.of("lmtp.sock")}`,
    ]);
    assert.equal(code, 0, stderr);
    assert.equal(await server.stop(), 0);
    const received = server.log.filter((line) => / received .* code=250/.test(line));
    assert.equal(received.length, 200);
  },
});

Deno.test("a listener for LMTP on port 25 is a mistake that check explains", async () => {
  using directory = new Directory();
  directory.write("postmaster.yaml", {
    listen: ["127.0.0.1:0", { address: "*:25", kind: "lmtp" }],
    domains: ["example.net"],
    users: ["you"],
    "state-directory": directory.path,
  });
  const { code, stderr } = await postmaster("check", "--config", directory.of("postmaster.yaml"));
  assert.equal(code, 1);
  assert.match(stderr, /LMTP is never spoken on port 25 \(RFC 2033 section 5\): take another port/);
});
