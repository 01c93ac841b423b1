import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { Client } from "../../src/testing/client.ts";
import { need, needRoot } from "../need.ts";
import {
  codes,
  Directory,
  ENVELOPE,
  postmaster,
  PROGRAM,
  run,
  Running,
  sendMail,
  type Settings,
  until,
} from "../running.ts";

const HELO = "EHLO client.example.org";

Deno.test("a server listens on IPv4, IPv6 and a Unix socket at once", async () => {
  await using server = await Running.start(({ path }) => ({
    listen: ["127.0.0.1:0", "[::1]:0", `unix:${path}/socket?mode=660`],
  }));
  assert.equal(server.addresses.length, 3);
  for (const address of server.addresses) {
    using client = await server.connect(address);
    assert.equal(await sendMail(client), 250, address);
  }
  const mail = server.directory.read("mail");
  assert.deepEqual(
    mail.match(/(?<=\nReceived: from client\.example\.org )\(.*\)/g)?.map(String),
    ["([127.0.0.1])", "([IPv6:::1])", "(unix)"],
  );
  assert.equal(Deno.statSync(server.directory.of("socket")).mode! & 0o777, 0o660);
});

Deno.test("the Unix socket of a killed server is replaced, that of a live one is refused", async () => {
  using shared = new Directory();
  const listen = `unix:${shared.of("socket")}`;
  {
    await using killed = await Running.start(() => ({ listen }));
    assert.deepEqual(killed.addresses, [listen]);
    killed.kill("SIGKILL");
  }
  assert.ok(Deno.lstatSync(shared.of("socket")).isSocket, "the socket is still there");
  await using server = await Running.start(() => ({ listen }));
  using client = await server.connect();
  assert.equal(await sendMail(client), 250);

  const { code, stderr } = await postmaster("--listen", listen);
  assert.equal(code, 1);
  assert.equal(stderr, `postmaster: cannot listen on ${listen}: another server listens there\n`);
  assert.equal((await client.command("NOOP")).code, 250, "the live one lives");
});

Deno.test("a file where the Unix socket should be stays as it is", async () => {
  using directory = new Directory();
  const file = directory.write("socket", "precious");
  const { code, stderr } = await postmaster("--listen", `unix:${file}`);
  assert.equal(code, 1);
  assert.equal(
    stderr,
    `--listen: ${file} is there, and is no socket: remove it, or name another\n`,
  );
  assert.equal(directory.read("socket"), "precious");
});

Deno.test("a port in use ends the program with 1 and one line", async () => {
  await using server = await Running.start();
  const [address = ""] = server.addresses;
  const { code, stdout, stderr } = await postmaster("--listen", "127.0.0.1:0", "--listen", address);
  assert.equal(code, 1);
  assert.equal(stdout, "");
  const [, port] = /^127\.0\.0\.1:(\d+)$/.exec(address)!;
  assert.match(
    stderr,
    new RegExp(
      `^postmaster: cannot listen on ${address}: .*in use.*: \\S+ \\(process ${server.pid}\\) has port ` +
        `${port}: stop that, or listen elsewhere\\n$`,
    ),
  );
});

Deno.test("an address that this machine does not have is named, with what to do", async () => {
  const { code, stderr } = await postmaster("--listen", "192.0.2.1:0");
  assert.equal(code, 1);
  assert.match(
    stderr,
    /^postmaster: cannot listen on 192\.0\.2\.1:0: .* this machine has no such address: /,
  );
});

Deno.test({
  name: "a port that only root may take is named, with the three ways to have it",
  ignore: needRoot().ignore || need("setpriv").ignore,
  fn: async () => {
    const args = ["--bounding-set=-net_bind_service", ...PROGRAM, "--listen", "127.0.0.1:25"];
    const { code, stderr } = await run("setpriv", args);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /: cannot listen on 127\.0\.0\.1:25: .*: only root may take port 25: .*`user`.*systemd.*: setcap /,
    );
  },
});

/** Reads what comes at one time. */
async function readOnce(connection: Deno.Conn): Promise<string> {
  const buffer = new Uint8Array(65_536);
  return new TextDecoder().decode(buffer.subarray(0, await connection.read(buffer) ?? 0));
}

const replyCodes = (text: string) => text.match(/^\d{3}(?= )/gm)?.map(Number);

Deno.test("the replies to a pipelined group come in one piece", async () => {
  await using server = await Running.start();
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  const send = (...lines: string[]) =>
    connection.write(new TextEncoder().encode(`${lines.join("\r\n")}\r\n`));
  assert.match(await readOnce(connection), /^220 /);
  await send(HELO);
  assert.match(await readOnce(connection), /^250-PIPELINING\r$/m);
  const [mail = "", rcpt = ""] = ENVELOPE;
  await send("RSET", mail, rcpt, "RCPT TO:<nobody@example.net>", rcpt, "DATA");
  assert.deepEqual(replyCodes(await readOnce(connection)), [250, 250, 250, 550, 250, 354]);
  await send("Subject: pipelined", "", ".", mail, "RCPT TO:<nobody@example.net>", "QUIT");
  assert.deepEqual(replyCodes(await readOnce(connection)), [250, 250, 550, 221]);
});

Deno.test("a transaction in single octets is like any other", async () => {
  await using server = await Running.start();
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  connection.setNoDelay(true);
  const text = [HELO, ...ENVELOPE, "Subject: octets", "", "..dot", ".", "QUIT", ""].join("\r\n");
  for (const octet of new TextEncoder().encode(text)) await connection.write(Uint8Array.of(octet));
  let replies = "";
  for await (const chunk of connection.readable) replies += new TextDecoder().decode(chunk);
  assert.deepEqual(replyCodes(replies), [220, 250, 250, 250, 354, 250, 221]);
  assert.match(server.directory.read("mail"), /\nSubject: octets\n\n\.dot\n$/);
});

/** A mailer that takes a while, and makes its file only when it has everything. */
const slowMailer = ({ path }: Directory): Settings => ({
  mailer: {
    command: [
      "sh",
      "-c",
      'echo >> "$1/started"; cat > "$1/$2"; sleep 0.3; mv "$1/$2" "$1/$2.mail"',
      "sh",
      path,
      "{queue-id}",
    ],
  },
});

/** What a client sends, each after the reply to the one before; the message comes in two pieces. */
const PIECES = [HELO, ...ENVELOPE].map((line) => `${line}\r\n`);
const HALF = `Subject: whole\r\n\r\n${"first half\r\n".repeat(50_000)}`;
const REST = "second half\r\n.\r\n";

/** Connects, sends some of {@linkcode PIECES} and waits for the replies to them. */
async function begin(port: number, pieces: number): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1" });
  let received = "";
  socket.on("data", (chunk) => received += chunk);
  socket.on("error", () => {});
  for (let sent = 0; sent <= pieces; sent++) {
    await until(`reply ${sent} comes`, () => replyCodes(received)?.length === sent + 1);
    if (sent < pieces) socket.write(PIECES[sent]!);
  }
  return socket;
}

Deno.test("a reset at any point ends that session only, and delivers no half message", async () => {
  await using server = await Running.start(slowMailer, { alone: true });
  using onlooker = await server.connect();
  await codes(onlooker, HELO, ...ENVELOPE.slice(0, 2));
  const files = () => [...Deno.readDirSync(`/proc/${server.pid}/fd`)].length;
  const before = files();
  for (let pieces = 0; pieces <= PIECES.length; pieces++) {
    (await begin(server.port, pieces)).resetAndDestroy();
    assert.equal((await onlooker.command("NOOP")).code, 250);
  }
  const inTheMessage = await begin(server.port, PIECES.length);
  await new Promise((resolve) => inTheMessage.write(HALF, resolve));
  inTheMessage.resetAndDestroy();
  const afterTheDot = await begin(server.port, PIECES.length);
  afterTheDot.write(HALF + REST);
  await until("the mailer runs", () => server.directory.read("started") !== "");
  afterTheDot.resetAndDestroy();

  const count = (pattern: RegExp) => server.log.filter((line) => pattern.test(line)).length;
  await until("all others are gone", () => count(/ disconnected /) === PIECES.length + 3);
  assert.deepEqual(await codes(onlooker, "DATA", "Subject: whole\r\n\r\nsecond half\r\n."), [
    354,
    250,
  ]);
  const mails = () => server.directory.list().filter((name) => name.endsWith(".mail"));
  await until("both mailers are done", () => mails().length === 2);
  for (const name of mails()) assert.match(server.directory.read(name), /\nsecond half\n$/);
  assert.equal(server.directory.read("started"), "\n\n", "no other mailer was started");
  await until("no file is left open", () => files() <= before);
  onlooker.hangUp();
  await until("the onlooker is gone", () => count(/ disconnected /) === PIECES.length + 4);
  assert.equal(await server.stop(), 0);
  assert.ok(server.log.some((line) => / stopping .*sessions=0$/.test(line)));
  assert.equal(count(/ (error|fatal) /), 0);
});

Deno.test("a message that cannot be kept gets 452, and smaller ones still arrive", async () => {
  await using server = await Running.start(undefined, {
    before: "export TMPDIR=/no/such/directory",
  });
  using client = await server.connect();
  const large = `Subject: large\r\n\r\n${"many lines\r\n".repeat(100_000)}`;
  assert.equal(await sendMail(client, undefined, large), 452);
  await server.logs(/ error spool failed directory=\/no\/such\/directory error="No such file /);
  assert.equal(await sendMail(client), 250);
  assert.equal(server.directory.read("mail").match(/^Return-Path:/gm)?.length, 1);
});

Deno.test("one connection too many gets 421, and a place that becomes free is used", async () => {
  await using server = await Running.start(() => ({ limits: { connections: 3 } }));
  const [first] = await Promise.all([1, 2, 3].map(() => server.connect()));
  const { port } = server;
  const fourth = () => Client.connect({ transport: "tcp", hostname: "127.0.0.1", port });
  {
    using refused = await fourth();
    const { code, enhanced } = await refused.reply();
    assert.deepEqual([code, enhanced], [421, "4.3.2"]);
    assert.equal(await refused.line(), undefined);
  }
  assert.equal((await codes(first!, "QUIT"))[0], 221);
  await until("there is room again", async () => {
    using client = await fourth();
    return (await client.reply()).code === 220;
  });
});

Deno.test("connections from one address are counted, those from this machine are not", async () => {
  const outside = Deno.networkInterfaces()
    .find(({ family, address }) => family === "IPv4" && !address.startsWith("127."))?.address;
  await using server = await Running.start(() => ({
    listen: ["127.0.0.1:0", ...outside === undefined ? [] : [`${outside}:0`]],
    limits: { "connections-per-address": 2 },
  }));
  for (const [index, address] of server.addresses.entries()) {
    await Promise.all([1, 2].map(() => server.connect(address)));
    using third = await Client.connect({
      transport: "tcp",
      hostname: index === 0 ? "127.0.0.1" : outside!,
      port: Number(address.split(":")[1]),
    });
    assert.equal((await third.reply()).code, index === 0 ? 220 : 421, address);
  }
});
