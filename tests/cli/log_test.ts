import assert from "node:assert/strict";
import { codes, codesOf, Directory, ENVELOPE, Running, sendMail, until } from "../running.ts";

/** Lines that belong to no session. */
const OF_THE_SERVER = /^(starting|started|stopping|stopped)$/;

const SECRET = "c2VjcmV0IHBhc3N3b3Jk";
const CONTENT = "nobody but the recipient reads this";

/** What a client says that would like to spoil the log. */
const HOSTILE = [
  "EHLO \x1b[2Jclient.example\x00.org",
  "EHLO client\ninfo forged",
  "HELO \xe2\x80\xa8line",
  "EHLO client.example.org",
  'MAIL FROM:<"\x7f\x1b]0;title\x07"@example.org>',
  'MAIL FROM:<"info  FORGED started listen=*:25"@example.org>',
  'RCPT TO:<"a = b \\" c"@example.net>',
  "RCPT TO:<=x@example.net>",
  `AUTH PLAIN ${SECRET}`,
  `auth\tplain ${SECRET}`,
  ` AUTH LOGIN ${SECRET}`,
];

const quiet = (path: string) => ({ command: ["sh", "-c", `cat >> "$1"`, "sh", path] });

Deno.test("the log is text on the standard error: a line an event, the session's id in each", async () => {
  await using server = await Running.start(({ of }) => ({
    log: { level: "trace" },
    mailer: quiet(of("mail")),
  }));
  using client = await server.connect();
  for (const line of HOSTILE) await codesOf(client, line);
  await codes(client, "RSET", ...ENVELOPE, `Subject: ${CONTENT}\r\n\r\n${CONTENT}\r\n.`, "QUIT");
  await server.logs(/ disconnected /);
  assert.equal(await server.stop(), 0);

  const [, id] = / (\w+) connected /.exec(server.log.join("\n")) ?? [];
  const time = "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z";
  const level = "(trace|debug|info |warning|error)";
  for (const line of server.log) {
    assert.match(
      line,
      new RegExp(`^${time} ${level} (${id} [a-z]+|starting|started|stopping|stopped) `),
    );
    assert.match(line, /^[^\p{C}\p{Zl}\p{Zp}]*$/u);
  }
  const whole = server.log.join("\n");
  assert.ok(!whole.includes(SECRET), "a secret is logged");
  assert.ok(!whole.includes(CONTENT), "content is logged");
  assert.ok(whole.includes("FORGED started"), "what the client said is logged, in quotes");
  for (
    const event of ["connected", "command", "reply", "rejected", "mailer", "delivered", "received"]
  ) {
    assert.ok(whole.includes(` ${id} ${event} `), event);
  }
  assert.match(server.directory.read("mail"), new RegExp(`\n${CONTENT}\n$`));
});

Deno.test("the log is JSON in a file, an object a line", async () => {
  await using server = await Running.start(({ of }) => ({
    log: { level: "trace", format: "json", file: of("log"), stderr: true },
    mailer: quiet(of("mail")),
  }));
  using client = await server.connect();
  for (const line of HOSTILE) await codesOf(client, line);
  await codes(client, "RSET");
  assert.equal(await sendMail(client), 250);
  client.hangUp();
  await until("the session has ended", () => server.directory.read("log").includes("disconnected"));
  assert.equal(await server.stop(), 0);

  const text = server.directory.read("log");
  assert.ok(!text.includes(SECRET), "a secret is logged");
  const records = text.trimEnd().split("\n").map((line) => JSON.parse(line));
  const [{ session }] = records.filter(({ message }) => message === "connected");
  for (const record of records) {
    assert.equal(new Date(record.time).toISOString(), record.time);
    assert.match(record.level, /^(trace|debug|info|warning|error)$/);
    if (!OF_THE_SERVER.test(record.message)) assert.equal(record.session, session);
  }
  const delivered = records.find(({ message }) => message === "delivered");
  const received = records.find(({ message }) => message === "received");
  assert.equal(delivered.recipient, "<you@example.net>");
  assert.equal(received.id, delivered.id);
  assert.deepEqual([received.code, received.recipients], [250, ["<you@example.net>"]]);
});

Deno.test("the copy of a message that tee writes to its standard output is not logged", async () => {
  await using server = await Running.start(() => ({
    log: { level: "trace" },
    mailer: { command: ["tee", "/no/such/directory/mail"] },
  }));
  using client = await server.connect();
  assert.equal(await sendMail(client, undefined, `Subject: x\r\n\r\n${CONTENT}\r\n`), 554);
  assert.match(await server.logs(/ failed /), /No such file or directory/);
  assert.ok(!server.log.join("\n").includes(CONTENT), "content is logged");
});

Deno.test("the journal is told how important each line is, and nobody else", async () => {
  const settings = () => ({ mailer: { command: ["tee", "/no/such/directory/mail"] } });
  const toJournal = "export JOURNAL_STREAM=$(stat --dereference --format=%d:%i /proc/self/fd/2)";
  for (
    const [before, mark] of [[toJournal, /^<(\d)>\d{4}-/], [
      "export JOURNAL_STREAM=1:2",
      /^()\d/,
    ]] as const
  ) {
    await using server = await Running.start(settings, { before });
    using client = await server.connect();
    assert.equal(await sendMail(client), 554);
    for (const [level, name] of [["6", "started"], ["4", "failed"]] as const) {
      const [, marked] = mark.exec(await server.logs(new RegExp(` ${name} `))) ?? [];
      assert.equal(marked, marked && level);
    }
  }
  await assert.rejects(
    Running.start(() => ({ domains: 5 }), { before: toJournal }),
    /^<3>\S+postmaster\.yaml:\d+:\d+: /m,
  );
});

Deno.test("a log that nobody reads any more does not stop the server", async () => {
  await using server = await Running.start(undefined, { alone: true });
  await server.deafen();
  for (let n = 0; n < 3; n++) {
    using client = await server.connect();
    assert.equal(await sendMail(client), 250);
  }
  assert.equal(await server.stop(), 0);
});

Deno.test("a standard error that stays open and is not read does not stop the server", async () => {
  await using server = await Running.start(() => ({
    log: { level: "trace" },
    domains: ["example.net"],
  }), { alone: true });
  using client = await server.connect();
  server.stall();
  // Each command is logged twice, and a pipe holds 64 KiB.
  const commands = Array.from({ length: 1000 }, (_, i) => `NOOP ${i} ${"x".repeat(400)}`);
  assert.deepEqual(new Set(await codes(client, ...commands)), new Set([250]));
  assert.equal(await sendMail(client), 250);
  assert.equal(await server.stop(), 0);
});

Deno.test("the log goes to the syslog of this machine", async () => {
  using directory = new Directory();
  const path = directory.of("log");
  const daemon = Deno.listenDatagram({ transport: "unixpacket", path });
  await using _server = await Running.start(() => ({ log: { syslog: { socket: path } } }));
  const [line] = await daemon.receive();
  daemon.close();
  assert.match(new TextDecoder().decode(line), /^<22>.* starting config=/);
});

Deno.test("the log says who ended a connection", async () => {
  for (
    const [goodbye, reason] of [["QUIT", "closed by us"], ["", "closed by the client"]] as const
  ) {
    await using server = await Running.start();
    using client = await server.connect();
    if (goodbye === "") client.hangUp();
    else await codes(client, goodbye);
    assert.match(await server.logs(/ disconnected /), new RegExp(` reason="${reason}" `));
  }
});

Deno.test("a client that half-closes at once has closed the connection, and harms nobody", async () => {
  await using server = await Running.start();
  for (let n = 0; n < 20; n++) {
    const socket = await Deno.connect({ port: server.port });
    await socket.closeWrite();
    await socket.readable.pipeTo(new WritableStream());
  }
  await until("all of them have gone", () => reasonsIn(server.log).length === 20);
  assert.deepEqual(new Set(reasonsIn(server.log)), new Set(["closed by the client"]));
  using client = await server.connect();
  assert.equal(await sendMail(client), 250);
});

const reasonsIn = (log: readonly string[]): string[] =>
  log.flatMap((line) => / disconnected .*reason="([^"]+)"/.exec(line)?.[1] ?? []);
