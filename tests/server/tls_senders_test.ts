/**
 * Mail servers and mail clients that others wrote, over TLS.
 *
 * @module
 */
import assert from "node:assert/strict";
import { userLine } from "../../src/auth/edit.ts";
import { Hashes } from "../../src/auth/hashes.ts";
import { runClient } from "../clients.ts";
import { need, needRoot } from "../need.ts";
import { Directory, Running, until } from "../running.ts";
import { selfSigned } from "../tls/openssl.ts";

const NAME = "mx.example.net";

Deno.test(
  "Postfix's posttls-finger verifies the server's certificate",
  need("openssl", "posttls-finger"),
  async () => {
    await using server = await Running.start((directory) => ({
      tls: { ...selfSigned(directory, [NAME]) },
    }));
    const said = await runClient("posttls-finger", [
      ...["-c", "-l", "secure", "-F", server.directory.of(`${NAME} cert.pem`)],
      ...[`[127.0.0.1]:${server.port}`, NAME],
    ]);
    assert.match(said, /Verified TLS connection established .*TLSv1\.3/);
  },
);

/** A Postfix of one's own, which sends all mail to a port. */
function postfixFor(directory: Directory, port: number, ca: string): string {
  for (const name of ["etc", "spool", "data"]) Deno.mkdirSync(directory.of(name));
  Deno.chmodSync(directory.path, 0o755);
  directory.write(
    "etc/main.cf",
    `compatibility_level = 3.6
queue_directory = ${directory.of("spool")}
data_directory = ${directory.of("data")}
maillog_file = ${directory.of("maillog")}
maillog_file_prefixes = ${directory.path}
myhostname = client.example.org
mydestination =
inet_protocols = ipv4
alias_maps =
relayhost = [127.0.0.1]:${port}
smtp_tls_security_level = secure
smtp_tls_secure_cert_match = ${NAME}
smtp_tls_CAfile = ${ca}
`,
  );
  directory.write(
    "etc/master.cf",
    `pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
postlog unix-dgram n - n - 1 postlogd
`,
  );
  return directory.of("etc");
}

Deno.test({
  name: "Postfix sends mail with STARTTLS, and verifies the server",
  ignore: need("openssl", "postfix").ignore || needRoot().ignore,
  fn: async () => {
    using directory = new Directory();
    await using server = await Running.start((directory) => ({
      tls: { ...selfSigned(directory, [NAME]) },
    }));
    const ca = directory.of("ca.pem");
    Deno.copyFileSync(server.directory.of(`${NAME} cert.pem`), ca);
    const etc = postfixFor(directory, server.port, ca);
    await runClient("chown", ["postfix", directory.of("data")]);
    await runClient("postfix", ["-c", etc, "start"]);
    try {
      const message = "Subject: by Postfix\n\nhello\n";
      const envelope = ["-f", "ann@example.org", "you@example.net"];
      await runClient("sendmail", ["-C", etc, ...envelope], message);
      const mail = await until(
        () => `Postfix sends the message; its log: ${directory.read("maillog")}`,
        () => {
          const text = server.directory.list().includes("mail")
            ? server.directory.read("mail")
            : "";
          return text.includes("by Postfix") ? text : undefined;
        },
      );
      assert.match(mail, /from client\.example\.org .*\n?.*with ESMTPS id/);
    } finally {
      await runClient("postfix", ["-c", etc, "stop"]);
    }
  },
});

Deno.test("mutt has mail sent by the user's server", need("openssl", "mutt"), async () => {
  using hashes = new Hashes();
  const line = await userLine("joe", "correct horse", hashes);
  await using server = await Running.start((directory) => ({
    listen: { address: "127.0.0.1:0", kind: "submissions" },
    tls: { ...selfSigned(directory, ["localhost"]) },
    auth: { passwords: { file: directory.write("passwords", `${line}\n`) } },
  }));
  const { directory } = server;
  const settings = directory.write(
    "muttrc",
    `set smtp_url="smtps://joe@localhost:${server.port}" smtp_pass="correct horse"
set smtp_authenticators="login" from="joe@example.net" use_from=yes envelope_from=yes
set certificate_file="${directory.of("localhost cert.pem")}" ssl_usesystemcerts=no
set record="" folder="${directory.path}" spoolfile="${directory.of("none")}"
`,
  );
  const args = ["-n", "-F", settings, "-s", "by mutt", "you@example.net"];
  await runClient("mutt", args, "hello\n");
  assert.match(directory.read("mail"), /with ESMTPSA id[^]*Subject: by mutt/);
});
