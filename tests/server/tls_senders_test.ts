/**
 * Mail servers and mail clients that others wrote, over TLS.
 *
 * @module
 */
import assert from "node:assert/strict";
import { userLine } from "../../src/auth/edit.ts";
import { Hashes } from "../../src/auth/hashes.ts";
import { runClient } from "../clients.ts";
import { need } from "../need.ts";
import { Running } from "../running.ts";
import { selfSigned } from "../tls/openssl.ts";
import { needPostfix, Postfix } from "./postfix.ts";

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

Deno.test({
  name: "Postfix sends mail with STARTTLS, and verifies the server",
  ...needPostfix("openssl"),
  fn: async () => {
    await using server = await Running.start((directory) => ({
      tls: { ...selfSigned(directory, [NAME]) },
    }));
    const ca = server.directory.of(`${NAME} cert.pem`);
    await using postfix = await Postfix.start(`relayhost = [127.0.0.1]:${server.port}
smtp_tls_security_level = secure
smtp_tls_secure_cert_match = ${NAME}
smtp_tls_CAfile = ${ca}
`);
    await postfix.send(["you@example.net"], "Subject: by Postfix\n\nhello\n");
    await postfix.logs(/status=sent/);
    assert.match(server.directory.read("mail"), /from client\.example\.org .*\n?.*with ESMTPS id/);
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
