/**
 * `postmaster import postfix`, from a main.cf to a server that takes mail.
 *
 * @module
 */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { parse } from "yaml";
import { importPostfix } from "../../src/cli/import/postfix.ts";
import { Directory, postmaster } from "../running.ts";

const MAIN = (directory: Directory) => `
# A comment.
smtpd_banner = $myhostname ESMTP $mail_name (Debian/GNU)
compatibility_level = 3.6
myhostname = mail.example.org
alias_maps = hash:${directory.of("aliases")}
mydestination = $myhostname,
  # a comment in a value
  example.org, localhost.$mydomain, localhost
relayhost = [smtp.isp.example]:587
smtp_sasl_auth_enable = yes
smtp_sasl_password_maps = hash:sasl_passwd
mynetworks = 127.0.0.0/8 [::ffff:127.0.0.0]/104 [::1]/128 10.0.0.0/24
virtual_alias_maps = hash:virtual
smtpd_relay_restrictions = permit_mynetworks permit_sasl_authenticated defer_unauth_destination
smtpd_recipient_restrictions = permit_mynetworks, reject_unknown_sender_domain
  reject_rbl_client zen.spamhaus.org=127.0.0.[2..11], check_policy_service inet:127.0.0.1:10023
  check_sender_access hash:/etc/postfix/access
smtpd_milters = unix:opendkim/opendkim.sock, { inet:localhost:8891, connect_timeout=10s }
milter_default_action = accept
home_mailbox = Maildir/
smtpd_sasl_type = dovecot
smtpd_sasl_path = private/auth
foo_bar = baz
own_name = 3
smtpd_hard_error_limit = \${own_name}
soft_bounce
`;

const MASTER = `
smtp      inet  n       -       y       -       -       smtpd
submission inet n       -       y       -       -       smtpd
  -o smtpd_tls_security_level=encrypt
  -o smtpd_sasl_auth_enable=yes
127.0.0.1:smtps inet  n -       y       -       -       smtpd
pickup    unix  n       -       y       60      1       pickup
`;

function postfix(): Directory {
  const directory = new Directory();
  directory.write("main.cf", MAIN(directory));
  directory.write("master.cf", MASTER);
  directory.write("aliases", "postmaster: joe\n");
  directory.write("sasl_passwd", "[smtp.isp.example]:587 me@isp.example:secret\n");
  directory.write("virtual", "example.net anything\ninfo@example.net joe\n@example.net ann,joe\n");
  return directory;
}

Deno.test("a main.cf becomes a configuration that names its settings, and check finds what is missing", async () => {
  using directory = postfix();
  const output = directory.of("postmaster.yaml");
  const { code, stdout, stderr } = await postmaster(
    ...["import", "postfix", directory.of("main.cf"), "--output", output],
  );
  assert.deepEqual([code, stderr], [0, ""]);
  const advice = stdout.split("\n").filter((line) => line.startsWith("to be done by hand: "));
  assert.deepEqual(advice.map((line) => line.split(": ")[1]), [
    "smtpd_recipient_restrictions",
    "virtual_alias_maps",
    "smtp_sasl_password_maps",
    "foo_bar",
    "line 27",
  ]);
  const text = directory.read("postmaster.yaml");
  assert.ok(!text.includes("secret"));
  assert.match(text, /^# mydestination, virtual_alias_maps\ndomains:/m);
  const made = parse(text) as Record<string, unknown>;
  assert.deepEqual(made["listen"], [
    ...["*:25", { address: "*:587", kind: "submission" }],
    { address: "127.0.0.1:465", kind: "submissions" },
  ]);
  assert.deepEqual(made["domains"], [
    ...["mail.example.org", "example.org", "localhost.example.org", "localhost", "example.net"],
  ]);
  assert.deepEqual(made["aliases"], [{ file: directory.of("aliases") }, {
    "info@example.net": "joe@mail.example.org",
    "@example.net": ["ann@mail.example.org", "joe@mail.example.org"],
  }]);
  assert.deepEqual(made["relay"], {
    via: {
      url: "smtp://smtp.isp.example:587",
      user: "me@isp.example",
      "password-file": "relay-password",
    },
  });
  assert.deepEqual(made["limits"], { errors: 3 });
  const socket = "unix:/var/spool/postfix/opendkim/opendkim.sock";
  assert.deepEqual(made["handlers"], [
    "sender-domain",
    { dnsbl: { lists: [{ zone: "zen.spamhaus.org", codes: "127.0.0.2-11" }] } },
    "greylist",
    { milter: { address: socket, "on-failure": "accept" } },
    { milter: { address: "127.0.0.1:8891", "on-failure": "accept" } },
    { "relay-to": { networks: ["127.0.0.0/8", "::1/128", "10.0.0.0/24"] } },
  ]);

  const checked = await postmaster("check", "--config", output);
  const faults = checked.stderr.replaceAll(directory.path, "").split("\n").filter((one) =>
    one !== ""
  );
  assert.deepEqual(faults.map((fault) => /`(.*?)`/.exec(fault)?.[1]), [
    ...["listen[1]", "listen[2]"], // users log in only by TLS
    "relay.via.password-file",
  ]);

  const again = await postmaster(
    ...["import", "postfix", directory.of("main.cf"), "--output", output],
  );
  assert.equal(again.code, 1);
  assert.match(again.stderr, /is there already/);
});

Deno.test("what main.cf does not say is what Postfix does then, and a circle of settings ends", () => {
  const draft = importPostfix({ main: "myhostname = $a\na = $b\nb = ${a}\n", directory: "/" });
  assert.deepEqual(parse(importPostfix({ main: "", directory: "/" }).print("")), {
    listen: ["*:25"],
    users: "passwd",
    ...existsSync("/etc/aliases") ? { aliases: [{ file: "/etc/aliases" }] } : {},
    mailer: { mbox: "/var/mail/{user}" },
    relay: { mx: {} },
    log: { syslog: true },
    handlers: [{ "relay-to": { networks: ["127.0.0.0/8", "::1"] } }],
  });
  assert.ok(draft.print("").includes("hostname"));
});
