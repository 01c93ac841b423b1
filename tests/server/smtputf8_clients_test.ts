/**
 * SMTPUTF8 with a real client, a real mailer, and the names of the configuration in both forms.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { need } from "../need.ts";
import { feed, postmaster, run, Running, type Settings } from "../running.ts";

const U = "bücher.example", A = "xn--bcher-kva.example";

/** A program that sends a message with SMTPUTF8, then one to a recipient that the server must refuse. */
const SENDER = `
import smtplib, sys
from email.message import EmailMessage
from email.policy import SMTPUTF8
message = EmailMessage(policy=SMTPUTF8)
message['From'] = 'Ü <ü@faß.example>'
message['To'] = ', '.join(sys.argv[2:])
message['Subject'] = 'Grüße'
message.set_content('übermorgen')
client = smtplib.SMTP('127.0.0.1', int(sys.argv[1]))
print(client.send_message(message))
options = ['SMTPUTF8', 'BODY=8BITMIME']
try:
    client.sendmail('ü@faß.example', ['jo\u202erg@${A}'], message.as_bytes(), options)
except smtplib.SMTPRecipientsRefused as error:
    print([code for code, _ in error.recipients.values()])
client.quit()
`;

/** A server in one form of the domain, whose mailer writes down what it is told. */
const serving = (domain: string): Promise<Running> =>
  Running.start((directory): Settings => ({
    hostname: `mx.${domain}`,
    domains: [domain],
    users: ["jörg", "用户"],
    aliases: { vögel: ["jörg", `用户@${domain}`], [`info@${domain}`]: "jörg" },
    mailer: {
      command: [
        // Mailers run side by side: each line is written in one piece.
        ...["sh", "-c", 'printf "%s %s %s %s \\n" "$@" >> "$0"; cat >> "$0"'],
        ...[directory.of("mail"), "{user}", "{local}", "{domain}", "{sender}"],
      ],
    },
  }));

const utf8 = (latin1: string): string => Buffer.from(latin1, "latin1").toString();

for (const domain of [U, A]) {
  Deno.test({
    name: `smtplib sends in UTF-8 to users and aliases of ${domain}, in both forms of the domain`,
    ...need("python3"),
    async fn() {
      await using server = await serving(domain);
      const to = [`jörg@${U}`, `VÖGEL@${A}`, `info@bu\u0308cher.example`];
      const { code, stdout, stderr } = await run("python3", [
        ...["-X", "utf8", "-c", SENDER, String(server.port), ...to],
      ]);
      assert.equal(code, 0, stderr);
      assert.equal(stdout, "{}\n[501]\n");
      const mail = utf8(server.directory.read("mail"));
      for (const user of ["jörg", "用户"]) {
        assert.match(mail, new RegExp(`^${user} ${user} ${A} ü@faß\\.example $`, "m"));
      }
      assert.match(mail, /^\tby mx\.xn--bcher-kva\.example with UTF8SMTP id /m);
      assert.match(mail, /^Subject: Grüße\r?$/m);
      assert.match(mail, /^übermorgen\r?$/m);
    },
  });
}

Deno.test("route, check and simulate take addresses in UTF-8", async () => {
  await using server = await serving(U);
  const config = ["--config", server.directory.of("postmaster.yaml")];
  const routed = await postmaster(
    ...["route", ...config, "--from", "ü@faß.example", `vögel@${A}`, `x@${U}`],
  );
  assert.match(routed.stdout, /^vögel@xn--bcher-kva\.example -> jörg@xn--bcher-kva\.example -> /m);
  assert.match(routed.stdout, /^x@bücher\.example: 550 5\.1\.1 /m);
  const lines = [
    "EHLO a.example",
    "MAIL FROM:<ü@b.example> SMTPUTF8",
    `RCPT TO:<jörg@${A}>`,
    "QUIT",
  ];
  const simulated = await feed(lines.join("\n") + "\n", "simulate", ...config);
  assert.match(simulated.stdout, /^S: 250 2\.1\.5 /m);
});
