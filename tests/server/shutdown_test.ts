import assert from "node:assert/strict";
import { connect } from "node:net";
import type { Client } from "../../src/testing/client.ts";
import {
  codes,
  type Directory,
  ENVELOPE,
  isAlive,
  Running,
  type Settings,
  until,
} from "../running.ts";

const HELO = "EHLO client.example.org";
const MESSAGE = "Subject: last\r\n\r\nlast\r\n.";
/** All of a transaction in one piece. */
const SESSION = [HELO, ...ENVELOPE, MESSAGE, ""].join("\r\n");

/** The code of the next reply, and then the end of the connection. */
async function lastWords(client: Client): Promise<number> {
  const { code } = await client.reply();
  assert.equal(await client.line(), undefined, "it must close");
  return code;
}

/** Stops a server that does not wait for what is going on. */
async function stopAtOnce(server: Running): Promise<void> {
  server.kill("SIGTERM");
  await server.logs(/ stopping /);
  const start = performance.now();
  server.kill("SIGTERM");
  assert.equal(await server.ended(), 0);
  assert.ok(performance.now() - start < 10_000);
}

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  Deno.test(`${signal} tells idle sessions 421 at once and exits with 0`, async () => {
    await using server = await Running.start();
    using greeted = await server.connect();
    await codes(greeted, HELO);
    using silent = await server.connect();
    const start = performance.now();
    server.kill(signal);
    assert.equal(await lastWords(greeted), 421);
    assert.equal(await lastWords(silent), 421);
    assert.equal(await server.ended(), 0);
    assert.ok(performance.now() - start < 10_000);
    await server.logs(new RegExp(` stopping reason=${signal} sessions=2$`));
    assert.match(server.log.at(-1) ?? "", / stopped sessions=0$/);
  });
}

Deno.test("a session may finish its transaction, then it gets 421; newcomers are refused", async () => {
  await using server = await Running.start();
  using client = await server.connect();
  await codes(client, HELO, ...ENVELOPE.slice(0, 2));
  server.kill("SIGTERM");
  await server.logs(/ stopping /);
  await assert.rejects(server.connect(), /ECONNREFUSED/);
  assert.deepEqual(await codes(client, ENVELOPE[1]!, "DATA", MESSAGE), [250, 354, 250]);
  assert.equal(await lastWords(client), 421);
  assert.equal(await server.ended(), 0);
  assert.match(server.directory.read("mail"), /\nlast\n$/);
});

Deno.test("a message on its way when the signal comes is delivered", async () => {
  await using server = await Running.start();
  using client = await server.connect();
  await codes(client, HELO, ...ENVELOPE);
  client.send("Subject: last\r\n\r\nla");
  server.kill("SIGTERM");
  await server.logs(/ stopping /);
  assert.deepEqual(await codes(client, "st\r\n."), [250]);
  assert.equal(await lastWords(client), 421);
  assert.equal(await server.ended(), 0);
  assert.match(server.directory.read("mail"), /\nlast\n$/);
});

Deno.test("a session that hangs in DATA gets 421 after the shutdown timeout", async () => {
  await using server = await Running.start(() => ({ limits: { "shutdown-timeout": "1 s" } }));
  using client = await server.connect();
  await codes(client, HELO, ...ENVELOPE);
  client.send("Subject: half\r\n\r\nhalf a mess");
  const start = performance.now();
  server.kill("SIGTERM");
  assert.equal(await lastWords(client), 421);
  assert.ok(performance.now() - start > 900, "it was given its time");
  assert.equal(await server.ended(), 0);
  assert.equal(server.directory.read("mail"), "");
});

Deno.test("a second signal ends the server at once, with 0", async () => {
  await using server = await Running.start();
  using client = await server.connect();
  await codes(client, HELO, ...ENVELOPE);
  await stopAtOnce(server);
  assert.equal(await client.line(), undefined);
  assert.equal(server.directory.read("mail"), "");
});

/** A mailer with a child, both of which ignore TERM, and neither of which ends by itself. */
const stubborn = (directory: Directory): Settings => ({
  limits: { "shutdown-timeout": "1 s" },
  mailer: {
    command: [
      "sh",
      "-c",
      'trap "" TERM; sleep 60 & echo $! $$ > "$1.new"; mv "$1.new" "$1"; wait; cat',
      "sh",
      directory.of("pids"),
    ],
    "kill-grace": "200 ms",
  },
});

/** Waits until the mailer runs. Returns the ids of its processes. */
async function mailerOf(server: Running): Promise<number[]> {
  await until("the mailer runs", () => server.directory.read("pids") !== "");
  return server.directory.read("pids").split(" ").map(Number);
}

const allGone = (pids: readonly number[]) =>
  until(`the processes ${pids} are gone`, () => !pids.some(isAlive));

Deno.test("a mailer that hangs is not left behind", async () => {
  await using server = await Running.start(stubborn);
  using client = await server.connect();
  client.send(SESSION);
  const pids = await mailerOf(server);
  server.kill("SIGTERM");
  for (const code of [250, 250, 250, 354]) assert.equal((await client.reply()).code, code);
  assert.equal(await lastWords(client), 421);
  assert.equal(await server.ended(), 0);
  await allGone(pids);
});

Deno.test("a mailer whose client has gone is not left behind", async () => {
  await using server = await Running.start(stubborn);
  const socket = connect(server.port, "127.0.0.1");
  socket.write(SESSION);
  const pids = await mailerOf(server);
  socket.resetAndDestroy();
  await server.logs(/ disconnected /);
  assert.equal(await server.stop(), 0);
  await allGone(pids);
});

Deno.test("a mailer is not left behind by a second signal", async () => {
  await using server = await Running.start(stubborn);
  using client = await server.connect();
  client.send(SESSION);
  const pids = await mailerOf(server);
  await stopAtOnce(server);
  await allGone(pids);
});

/** A mailer that is slow to begin; TERM does not end it before it has read its input. */
const lateReader = (directory: Directory): Settings => ({
  mailer: {
    command: [
      "sh",
      "-c",
      'trap "" TERM; echo $$ > "$1/pids"; sleep 1; cat > "$1/new"; mv "$1/new" "$1/mail"',
      "sh",
      directory.path,
    ],
  },
});

Deno.test("the end of the server never makes half a message look whole to a mailer", async () => {
  await using server = await Running.start(lateReader);
  using client = await server.connect();
  await codes(client, HELO, ...ENVELOPE);
  client.send(`Subject: large\r\n\r\n${"many lines\r\n".repeat(100_000)}the end\r\n.\r\n`);
  const pids = await mailerOf(server);
  await stopAtOnce(server);
  await allGone(pids);
  const mail = server.directory.read("mail");
  assert.ok(mail === "" || mail.endsWith("\nthe end\n"), `half a message: ${mail.length} octets`);
});
