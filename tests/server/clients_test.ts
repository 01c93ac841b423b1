import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { need } from "../need.ts";
import { type Directory, run, Running, until } from "../running.ts";

const oneFileEach = (directory: Directory) => ({
  mailer: { command: ["tee", directory.of("{queue-id}.mail")], concurrency: 8 },
});
const mailsIn = (directory: Directory) =>
  directory.list().filter((name) => name.endsWith(".mail")).map((name) => directory.read(name));

Deno.test({
  name: "swaks delivers: what the mailer gets is the message, its trace fields on top",
  ...need("swaks"),
  async fn() {
    await using server = await Running.start();
    const args = ["--server", `127.0.0.1:${server.port}`, "--helo", "client.example.org"];
    const envelope = ["--from", "ann@example.org", "--to", "you@example.net"];
    const { code, stdout } = await run("swaks", [...args, ...envelope, "--body", "from swaks"]);
    assert.equal(code, 0, stdout);
    assert.match(
      server.directory.read("mail"),
      new RegExp(
        "^Return-Path: <ann@example\\.org>\n" +
          "Delivered-To: you@example\\.net\n" +
          "Received: from client\\.example\\.org \\(\\[127\\.0\\.0\\.1\\]\\)\n" +
          "(\t.*\n)*" +
          "(Date|To|From|Subject|Message-Id|X-Mailer): (.*\n)*\n" +
          "from swaks\n\n*$",
      ),
    );
  },
});

Deno.test({
  name: "swaks delivers 8-bit text, long lines and leading dots as they are",
  ...need("swaks"),
  async fn() {
    await using server = await Running.start();
    const lines = [
      "Subject: bytes",
      "",
      ".",
      "..",
      ".dot",
      "\xe4\xff\x80",
      "x".repeat(50_000),
      "end",
    ];
    const text = `${lines.join("\n")}\n`;
    const file = server.directory.of("data");
    Deno.writeFileSync(file, Buffer.from(text, "latin1"));
    const args = ["--server", `127.0.0.1:${server.port}`, "--to", "you@example.net"];
    const { code, stdout } = await run("swaks", [...args, "--data", `@${file}`]);
    assert.equal(code, 0, stdout);
    const mail = server.directory.read("mail");
    const got = mail.slice(mail.indexOf("Subject: bytes"));
    assert.ok(got.trimEnd() === text.trimEnd(), got.replace(/x{50,}/, "x…"));
  },
});

for (const [kind, ...flags] of [["one for each message"], ["kept open", "-d"]] as const) {
  Deno.test({
    name: `smtp-source sends 500 messages over 20 connections, ${kind}, and 500 arrive`,
    ...need("smtp-source"),
    async fn() {
      await using server = await Running.start(oneFileEach);
      const load = ["-s", "20", "-m", "500", "-l", "4000", ...flags];
      const envelope = ["-f", "ann@example.org", "-t", "you@example.net"];
      const address = `inet:127.0.0.1:${server.port}`;
      const { code, stderr } = await run("smtp-source", [...load, ...envelope, address]);
      assert.equal(code, 0, stderr);
      const mails = mailsIn(server.directory);
      assert.equal(mails.length, 500);
      const sizes = new Set(mails.map((mail) => mail.slice(mail.indexOf("\nFrom: ")).length));
      assert.ok(Math.max(...sizes) - Math.min(...sizes) < 20, `whole ones: ${[...sizes]}`);
      assert.equal(await server.stop(), 0);
      assert.equal(server.log.filter((line) => / delivered /.test(line)).length, 500);
      assert.equal(server.log.filter((line) => /^\S+ (warning|error|fatal) /.test(line)).length, 0);
    },
  });
}

Deno.test("a message of 30 MB arrives with every octet, its lines ended by LF", async () => {
  await using server = await Running.start();
  using client = await server.connect();
  const noise = crypto.getRandomValues(new Uint8Array(65_536))
    .map((octet) => [0, 10, 13].includes(octet) ? 32 : octet);
  const line = (n: number) => {
    const start = n * 79 % 60_000;
    return `${n} ${Buffer.from(noise.subarray(start, start + 3000)).toString("latin1")}`;
  };
  const lines = ["Subject: large", ""];
  for (let n = 0; n < 10_000; n++) lines.push(n % 3 === 0 ? `.${line(n)}` : line(n));
  for (const command of ["EHLO c.example", "MAIL FROM:<>", "RCPT TO:<you@example.net>", "DATA"]) {
    await client.command(command);
  }
  const stuffed = lines.map((text) => text.startsWith(".") ? `.${text}` : text);
  client.send(Buffer.from(`${stuffed.join("\r\n")}\r\n.\r\n`, "latin1"));
  assert.equal((await client.reply()).code, 250);
  const mail = server.directory.read("mail");
  const wanted = `${lines.join("\n")}\n`;
  assert.ok(wanted.length > 30_000_000);
  assert.ok(mail.slice(mail.indexOf("Subject: large")) === wanted, "the octets differ");
});

Deno.test({
  name: "nc sends a whole session and its FIN in one piece, and every reply arrives",
  ...need("nc"),
  async fn() {
    await using server = await Running.start();
    const session = [
      "EHLO client.example.org",
      "MAIL FROM:<ann@example.org>",
      "RCPT TO:<nobody@example.net>",
      "RCPT TO:<you@example.net>",
      "DATA",
      "Subject: all at once",
      "",
      ".",
      "NOOP",
      "RCPT TO:<you@example.net>",
      "VRFY you",
    ];
    const { stdout } = await run(
      "nc",
      ["-N", "127.0.0.1", String(server.port)],
      `${session.join("\r\n")}\r\n`,
    );
    const last = stdout.match(/^\d{3} /gm)?.map(Number);
    assert.deepEqual(last, [220, 250, 250, 550, 250, 354, 250, 250, 503, 252]);
    assert.match(server.directory.read("mail"), /\nSubject: all at once\n\n$/);
    await until(
      "the session is over",
      () => server.log.some((line) => / disconnected /.test(line)),
    );
  },
});
