/**
 * Mail servers and libraries that others wrote, which send mail with addresses in UTF-8.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { need } from "../need.ts";
import { codes, run, Running } from "../running.ts";
import { bySmtp, needExim, sendByExim } from "./exim.ts";
import { needPostfix, Postfix } from "./postfix.ts";

const [RECIPIENT, BY_A_LABEL] = ["jörg@bücher.example", "you@xn--bcher-kva.example"];
const SENDER = "andré@example.org";
const HEADER = `From: André <${SENDER}>\nTo: Jörg <${RECIPIENT}>\nSubject: Grüße\n`;

const start = (): Promise<Running> =>
  Running.start(() => ({ domains: ["bücher.example"], users: ["you", "jörg"] }));

/** The mail is there, with the header that the sender had. */
function assertArrived(server: Running): void {
  const mail = Buffer.from(server.directory.read("mail"), "latin1").toString("utf8");
  assert.match(mail, /^Return-Path: <andré@example\.org>\nDelivered-To: jörg@bücher\.example\n/m);
  assert.match(mail, /^\tby mx\.example\.net with UTF8SMTP id /m);
  for (const line of HEADER.trimEnd().split("\n")) assert.ok(mail.includes(`${line}\n`), mail);
  assert.match(mail, /\n\nübermorgen\n/);
}

Deno.test({
  name: "Postfix sends a message with SMTPUTF8, to a domain in both label forms",
  ...needPostfix(),
  fn: async () => {
    await using server = await start();
    await using postfix = await Postfix.start(`relayhost = [127.0.0.1]:${server.port}
smtputf8_enable = yes
`);
    await postfix.send([RECIPIENT, BY_A_LABEL], `${HEADER}\nübermorgen\n`, "-f", SENDER);
    for (const name of ["j..?rg", "you"]) {
      await postfix.logs(new RegExp(`to=<${name}@[^>]*\\.example>, .* status=sent`));
    }
    assertArrived(server);
  },
});

Deno.test({
  name: "mail for addresses in UTF-8 elsewhere goes on by the sendmail of Postfix",
  ...needPostfix("sendmail"),
  fn: async () => {
    await using postfix = await Postfix.start("default_transport = discard:\n");
    await using server = await Running.start(() => ({
      domains: ["bücher.example"],
      users: ["me"],
      aliases: { you: "jörg@münchen.example" },
      relay: {
        command: ["sendmail", "-C", postfix.etc, "-i", "-f", "{sender}", "--", "{recipient}"],
      },
    }));
    using client = await server.connect();
    const said = await codes(
      client,
      ...["EHLO client.example.org", `MAIL FROM:<${SENDER}> SMTPUTF8`],
      ...["RCPT TO:<you@bücher.example>", "DATA", `Subject: Grüße\r\n\r\nübermorgen\r\n.`],
    );
    assert.deepEqual(said, [250, 250, 250, 354, 250]);
    await postfix.logs(/from=<andr[^>]+@example\.org>/);
    await postfix.logs(/to=<j[^>]+rg@m[^>]+nchen\.example>, .* status=sent/);
  },
});

Deno.test({
  name: "Exim sends a message with SMTPUTF8, in chunks",
  ...needExim(),
  fn: async () => {
    await using server = await start();
    const routers = bySmtp(server.port, []).replace("domains = example.net", "domains = *");
    const log = await sendByExim(routers, [RECIPIENT], `${HEADER}\nübermorgen\n`, SENDER);
    assert.match(log, / => .* K C="250 2\.0\.0 ok/);
    assertArrived(server);
  },
});

/** Sends the message of the standard input. */
const SMTPLIB = `
import email, email.policy, smtplib, sys
message = email.message_from_binary_file(sys.stdin.buffer, policy=email.policy.SMTPUTF8)
with smtplib.SMTP("127.0.0.1", int(sys.argv[1]), local_hostname="client.example.org") as server:
    server.send_message(message)
`;

Deno.test({
  name: "Python's smtplib sends a message with SMTPUTF8",
  ...need("python3"),
  fn: async () => {
    await using server = await start();
    const { code, stderr } = await run(
      "python3",
      ["-c", SMTPLIB, `${server.port}`],
      `${HEADER}\nübermorgen\n`,
    );
    assert.equal(code, 0, stderr);
    assertArrived(server);
  },
});

Deno.test({
  name: "swaks, which knows no SMTPUTF8, is told what its addresses need",
  ...need("swaks"),
  fn: async () => {
    await using server = await start();
    const to = ["--server", `127.0.0.1:${server.port}`, "--helo", "client.example.org"];
    for (const envelope of [["--from", SENDER, "--to", BY_A_LABEL], ["--to", RECIPIENT]]) {
      const { code, stdout, stderr } = await run("swaks", [...to, ...envelope]);
      assert.notEqual(code, 0);
      assert.match(stdout + stderr, /553 5\.6\.7 .*SMTPUTF8/);
    }
  },
});
