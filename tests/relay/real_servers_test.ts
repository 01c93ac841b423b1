/**
 * What the client sends to other servers for mail, under TLS and with a login, arrives as it was.
 */
import { deepEqual, equal, match } from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { Login } from "../../src/client/login.ts";
import { freePort } from "../ports.ts";
import { Directory, until } from "../running.ts";
import { needExim } from "../server/exim.ts";
import { needPostfix, Postfix } from "../server/postfix.ts";
import { issue } from "../tls/authority.ts";
import { EximServer } from "./exim_server.ts";
import { needOpenSmtpd, OpenSmtpdServer } from "./opensmtpd_server.ts";
import { brief, EXCHANGER, Sending } from "./sending.ts";
import { Sink } from "./sink.ts";

const authority = await issue({ name: "authority", below: 0 });
const own = await issue({ name: EXCHANGER, domains: [EXCHANGER], by: authority });

const HEADER = "From: joe@example.net\r\nTo: all@example.org\r\nSubject: dots\r\n" +
  "Date: Sun, 29 Nov 2026 00:00:00 +0000\r\nMessage-ID: <1@example.net>\r\n" +
  "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n";
const BODY = `.\r\n..\r\n.dot\r\ngr\u00fc\u00df \r\n\r\n${"x".repeat(998)}\r\n${
  "line\r\n".repeat(20_000)
}.\r\n`;
const facts = { text: `${HEADER}\r\n${BODY}`, parameters: "BODY=8BITMIME" };
const octets = Buffer.from(BODY).toString("latin1");

const ALL = ["delivered", "delivered", "delivered"];
const LMTP = { lmtp: true, extensions: ["8BITMIME", "PIPELINING"] };

/** What has arrived for the recipients, in one message or in several. */
async function arrived(sink: Sink, log: () => string, messages = 1): Promise<void> {
  const count = () => sink.taken.flatMap(({ rcpt }) => rcpt).length;
  await until(() => `all has arrived: ${count()}: ${log()}`, () => count() === 3 * messages);
  for (const { message } of sink.taken) {
    equal(message.slice(message.indexOf("\r\n\r\n") + 4), octets);
  }
}

Deno.test({
  name: "to Postfix: a certificate that is verified, and two messages on a connection",
  ...needPostfix(),
  fn: async () => {
    await using sink = await Sink.start(LMTP);
    using files = new Directory();
    Deno.chmodSync(files.path, 0o755);
    const port = freePort();
    await using postfix = await Postfix.start(
      `local_transport = lmtp:inet:127.0.0.1:${sink.port}
smtpd_tls_security_level = encrypt
smtpd_tls_cert_file = ${files.write("certificate", own.certificate)}
smtpd_tls_key_file = ${files.write("key", own.key)}
smtpd_relay_restrictions = reject_unauth_destination
smtpd_recipient_restrictions = check_recipient_access inline:{{two@example.org = reject no such user}}
smtpd_client_port_logging = yes
`,
      `127.0.0.1:${port} inet n - n - - smtpd\n`,
    );
    await using sending = new Sending({
      ...{ port, tls: "verify", ca: authority.certificate },
      timeouts: { greeting: 10_000, command: 10_000, rcpt: 10_000, dataTermination: 10_000 },
    });
    const to = ["one", "three", "four"].map((name) => `${name}@example.org`);
    for (let i = 0; i < 2; i++) {
      const outcomes = await sending.send({ ...facts, to });
      deepEqual(outcomes.map(brief), ALL, JSON.stringify(outcomes) + postfix.log);
      equal(outcomes[0]!.remote?.tls?.verified, "ca");
    }
    const refused = await sending.send({
      ...facts,
      to: ["two@example.org", "ann@elsewhere.example.org"],
    });
    match(refused[0]!.reason, /no such user/);
    deepEqual(refused.map(brief), ["failed 5.7.1", "failed 5.7.1"]);
    await arrived(sink, () => postfix.log, 2);
    equal(postfix.log.match(/smtpd\[\d+\]: connect from/g)?.length, 1, "one connection");
  },
});

Deno.test({
  name: "to Exim: a login under TLS",
  ...needExim(),
  fn: async () => {
    await using sink = await Sink.start(LMTP);
    await using exim = await EximServer.start(sink.port, own);
    const login = (password: string): Login => ({
      user: "joe",
      credentials: () => Promise.resolve({ password }),
    });
    const setting = {
      ...{ port: exim.port, scheme: "smtp", tls: "verify", ca: authority.certificate } as const,
      timeouts: { greeting: 10_000, command: 10_000, dataTermination: 10_000 },
    };
    await using sending = new Sending({ ...setting, login: login("secret") });
    const outcomes = await sending.send(facts);
    deepEqual(outcomes.map(brief), ALL, JSON.stringify(outcomes) + exim.log);
    await arrived(sink, () => exim.log);
    await using wrong = new Sending({ ...setting, login: login("guess") });
    for (const outcome of await wrong.send(facts)) {
      match(brief(outcome), /^deferred 4\.7\.\d/, outcome.reason);
    }
    await using stranger = new Sending(setting);
    for (const outcome of await stranger.send(facts)) match(brief(outcome), /^failed 5\./);
  },
});

Deno.test({
  name: "to OpenSMTPD",
  ...needOpenSmtpd(),
  fn: async () => {
    await using sink = await Sink.start(LMTP);
    await using server = await OpenSmtpdServer.start(sink.port, EXCHANGER);
    await using sending = new Sending({
      port: server.port,
      timeouts: { greeting: 10_000, command: 10_000, rcpt: 10_000, dataTermination: 10_000 },
    });
    for (let i = 0; i < 2; i++) {
      const outcomes = await sending.send(facts);
      deepEqual(outcomes.map(brief), ALL, JSON.stringify(outcomes) + server.log);
    }
    await arrived(sink, () => server.log, 2);
  },
});
