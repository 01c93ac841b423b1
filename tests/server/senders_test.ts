/**
 * Mail servers and libraries that others wrote, which send mail with the extensions that they find.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { fileURLToPath } from "node:url";
import { readParameter } from "postmaster";
import { runClient } from "../clients.ts";
import { filesOf } from "../docs/page.ts";
import { need } from "../need.ts";
import { type Directory, Running } from "../running.ts";
import { bySmtp, needExim, sendByExim } from "./exim.ts";
import { selfSigned } from "../tls/openssl.ts";
import { needPostfix, Postfix } from "./postfix.ts";
import { withQueueExtensions } from "./with_queue_extensions.ts";

const { "chunks.py": SCRIPT } = filesOf(
  Deno.readTextFileSync(fileURLToPath(new URL("../../docs/around.md", import.meta.url))),
  "By hand",
);

/** A server that tells what its clients say, and has a file for each recipient's mail. */
const start = (): Promise<Running> =>
  Running.start((directory) => ({
    users: ["joe", "jane"],
    tls: { ...selfSigned(directory, ["mx.example.net"]) },
    log: { level: "trace" },
    mailer: { command: ["tee", "-a", directory.of("{recipient}")] },
  }));

/** The commands of its one client, which the log tells. */
const commandsTo = (server: Running): string[] =>
  server.log.flatMap((line) => / command .*line="?(.*?)"?$/.exec(line)?.[1] ?? []);
const verbsTo = (server: Running): string[] =>
  commandsTo(server).map((command) => command.split(" ")[0]!);

/** Lines that a sender must neither end at nor change, and far more octets than fit into one chunk. */
const BODY = [
  ".",
  "..",
  ".dot",
  "",
  "grüße",
  "BDAT 5 LAST",
  ...Array.from({ length: 30_000 }, (_, n) => `.line ${n} ${"x".repeat(n % 70)}`),
  "end",
].join("\n");
const MESSAGE = `From: ann@example.org\nSubject: bytes\nMIME-Version: 1.0\n` +
  `Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n${BODY}\n`;

/** Both users have the body that the sender had. */
function assertWhole(directory: Directory): void {
  for (const file of ["joe@example.net", "jane@example.net"]) {
    const mail = Buffer.from(directory.read(file), "latin1").toString("utf8");
    assert.match(mail, /^Subject: bytes$/m);
    const body = mail.slice(mail.indexOf("\n\n") + 2);
    assert.ok(body === `${BODY}\n`, `the body differs: ${body.slice(0, 500)}`);
  }
}

const RECIPIENTS = ["joe@example.net", "nobody@example.net", "jane@example.net"];
const UP_TO_RCPT = ["EHLO", "MAIL", "RCPT", "RCPT", "RCPT"];

for (
  const [how, options, verbs] of [
    [
      "in chunks over TLS, and would like PRDR",
      ["hosts_require_tls = *", "hosts_try_prdr = *"],
      ["EHLO", "STARTTLS", ...UP_TO_RCPT, "BDAT", "BDAT", "QUIT"],
    ],
    [
      "in chunks, and wants no PRDR",
      ["hosts_avoid_tls = *", "hosts_try_prdr ="],
      [...UP_TO_RCPT, "BDAT", "BDAT", "QUIT"],
    ],
    [
      "by DATA",
      ["hosts_avoid_tls = *", "hosts_try_chunking ="],
      [...UP_TO_RCPT, "DATA", "QUIT"],
    ],
  ] as const
) {
  Deno.test({
    name: `Exim sends ${how}: the mailer gets every octet`,
    ...needExim("openssl"),
    fn: async () => {
      await using server = await start();
      const log = await sendByExim(bySmtp(server.port, options), RECIPIENTS, MESSAGE);
      for (const [name, mark] of [["joe", "=>"], ["nobody", "**"], ["jane", "->"]]) {
        assert.ok(log.includes(` ${mark} ${name}@example.net `), log);
      }
      assert.match(log, /550 5\.1\.1 unknown recipient/);
      assertWhole(server.directory);
      await server.logs(/ disconnected /);
      assert.deepEqual(verbsTo(server), verbs);
    },
  });
}

Deno.test({
  name: "the script of the documentation sends a message in chunks",
  ...need("openssl", "python3"),
  fn: async () => {
    await using server = await start();
    for (const recipient of ["joe@example.net", "jane@example.net"]) {
      const args = ["-c", SCRIPT!, "127.0.0.1", `${server.port}`, "ann@example.org", recipient];
      const said = await runClient("python3", args, MESSAGE);
      assert.match(said, /\(250, b'2\.0\.0 ok: delivered as \w+'\)\n$/);
    }
    assertWhole(server.directory);
  },
});

Deno.test({
  name: "Postfix sends 8-bit text by DATA, and asks for DSN only where it is offered",
  ...needPostfix("openssl"),
  fn: async () => {
    await using server = await start();
    using other = await withQueueExtensions();
    await using postfix = await Postfix.start(`relayhost = [127.0.0.1]:${server.port}
transport_maps = inline:{dsn.example=smtp:[127.0.0.1]:${other.port}}
`);
    const dsn = ["-N", "success,failure,delay", "-R", "hdrs", "-V", "the+first envelope"];
    await postfix.send([...RECIPIENTS, "max@dsn.example"], MESSAGE, ...dsn);
    for (const to of ["joe@example.net", "jane@example.net", "max@dsn.example"]) {
      await postfix.logs(new RegExp(`to=<${to}>, .*dsn=2\\.0\\.0, status=sent`));
    }
    await postfix.logs(/to=<nobody@example\.net>, .*dsn=5\.1\.1, status=bounced .*550 5\.1\.1/);
    await postfix.logs(/sender delivery status notification/); // its own: the mail went where nobody makes one
    assertWhole(server.directory);
    await server.logs(/ received /);
    const [, mail = "", ...more] = commandsTo(server);
    assert.match(mail, /^MAIL FROM:<ann@example\.org> SIZE=\d+ BODY=8BITMIME$/);
    const recipients = RECIPIENTS.map((recipient) => `RCPT TO:<${recipient}>`);
    assert.deepEqual(more.slice(0, 4), [...recipients.sort(), "DATA"]);

    await postfix.send(["jörg@dsn.example"], MESSAGE, ...dsn);
    await postfix.logs(/to=<[^>]*rg@dsn\.example>, .*status=sent/);
    const asked = other.asked.flatMap((event) => "parameters" in event ? [event.parameters] : []);
    const MAIL = { RET: "HDRS", ENVID: "the+first envelope", NOTIFY: undefined, ORCPT: undefined };
    const to = (type: string, address: string) => ({
      RET: undefined,
      ENVID: undefined,
      NOTIFY: ["SUCCESS", "FAILURE", "DELAY"],
      ORCPT: { type, address },
    });
    assert.deepEqual(
      asked.map((parameters) => ({
        RET: readParameter(parameters, "RET"),
        ENVID: readParameter(parameters, "ENVID"),
        NOTIFY: readParameter(parameters, "NOTIFY"),
        ORCPT: readParameter(parameters, "ORCPT"),
      })),
      [MAIL, to("rfc822", "max@dsn.example"), MAIL, to("utf-8", "jörg@dsn.example")],
    );
  },
});
