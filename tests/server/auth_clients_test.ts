/**
 * Mechanisms that gsasl(1) and msmtp(1) speak.
 *
 * @module
 */
import assert from "node:assert/strict";
import { userLine } from "../../src/auth/edit.ts";
import { Hashes } from "../../src/auth/hashes.ts";
import { runClient } from "../clients.ts";
import { need } from "../need.ts";
import { type Directory, Running } from "../running.ts";
import { selfSigned } from "../tls/openssl.ts";

const PASSWORD = 'cörrect, "horse"=2C';
const PASSWORDS = ["PLAIN", "LOGIN", "SCRAM-SHA-256"];

async function serve(): Promise<Running> {
  using hashes = new Hashes();
  const line = await userLine("jo,e=", PASSWORD, hashes);
  return await Running.start((directory: Directory) => ({
    listen: { address: "127.0.0.1:0", kind: "submission" },
    tls: { ...selfSigned(directory, ["localhost"]) },
    auth: {
      passwords: { file: directory.write("passwords", `${line}\n`) },
      "clear-text": "loopback", // gsasl finds STARTTLS only if another line follows, which is AUTH
    },
  }));
}

Deno.test(
  "gsasl authenticates by each mechanism that it has",
  need("openssl", "gsasl"),
  async () => {
    await using server = await serve();
    for (const mechanism of PASSWORDS) {
      const said = await runClient("gsasl", [
        ...["--smtp", `--connect=localhost:${server.port}`, `--mechanism=${mechanism}`],
        ...["--no-cb", `--x509-ca-file=${server.directory.of("localhost cert.pem")}`],
        ...["--authentication-id=jo,e=", `--password=${PASSWORD}`],
      ]);
      assert.match(said, /STARTTLS[^]*235 2\.7\.0 /, mechanism);
      await server.logs(new RegExp(`authenticated .*user="?jo,e="? mechanism=${mechanism}$`));
    }
  },
);

Deno.test("msmtp sends mail by each mechanism that it has", need("openssl", "msmtp"), async () => {
  await using server = await serve();
  for (const mechanism of PASSWORDS) {
    const said = await runClient(
      "msmtp",
      [
        ...["--host=127.0.0.1", `--port=${server.port}`, `--auth=${mechanism.toLowerCase()}`],
        ...["--user=jo,e=", `--passwordeval=echo '${PASSWORD}'`],
        ...["--tls=on", "--tls-certcheck=off", "--from=joe@example.net", "--debug"],
        "you@example.net",
      ],
      "Subject: hello\r\n\r\nhello\r\n",
    );
    assert.match(said, /235 2\.7\.0 [^]*250 2\.0\.0 /, mechanism);
    await server.logs(new RegExp(`authenticated .*user="?jo,e="? mechanism=${mechanism}$`));
  }
});
