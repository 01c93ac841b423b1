/**
 * EXTERNAL, with certificates of openssl(1) and clients of others.
 *
 * @module
 */
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import type { ConnectionOptions } from "node:tls";
import { base64 } from "../auth/logins.ts";
import { runClient } from "../clients.ts";
import { need } from "../need.ts";
import { Running, type Settings } from "../running.ts";
import { ofClient, selfSigned } from "../tls/openssl.ts";

type Identity = ReturnType<typeof ofClient>;

/** A server that trusts the authority of joe, who is a user, and of ann, who is none, and not that of eve. */
async function serve(auth: (joe: Identity) => Settings): Promise<
  AsyncDisposable & { server: Running; joe: Identity; ann: Identity; eve: Identity }
> {
  let people: { joe: Identity; ann: Identity; eve: Identity } | undefined;
  const server = await Running.start((directory) => {
    const [joe, ann, eve] = ["joe", "ann", "eve"].map((name) => ofClient(directory, name)) as [
      Identity,
      Identity,
      Identity,
    ];
    people = { joe, ann, eve };
    const authorities = [joe, ann].map(({ authority }) => Deno.readTextFileSync(authority));
    return {
      listen: ["submissions", "submission"].map((kind) => ({ address: "127.0.0.1:0", kind })),
      tls: {
        ...selfSigned(directory, ["localhost"]),
        "client-certificates": "request",
        "client-ca": directory.write("authorities", authorities.join("")),
      },
      auth: {
        mechanisms: ["PLAIN", "EXTERNAL"],
        external: auth(joe),
        "clear-text": "loopback", // gsasl finds STARTTLS only if another line follows, which is AUTH
      },
    };
  });
  const stop = () => server[Symbol.asyncDispose]();
  return { server, ...people!, [Symbol.asyncDispose]: stop };
}

/** A client with this certificate, or none, that has said EHLO, and what it is offered. */
async function greeted(server: Running, identity?: Identity) {
  const tls: ConnectionOptions = identity === undefined ? {} : {
    cert: Deno.readTextFileSync(identity.certificate),
    key: Deno.readTextFileSync(identity.key),
  };
  const client = await server.connect(server.addresses[0], {
    servername: "mx.example.net",
    rejectUnauthorized: false,
    ...tls,
  });
  const { lines } = await client.command("EHLO client.example.org");
  return { client, offered: lines.find((line) => line.startsWith("AUTH")) };
}

Deno.test(
  "a trusted certificate of a user is its user's identity, and no other is",
  need("openssl"),
  async () => {
    const bySubject = () => ({ subjects: { "CN=joe": "joe", "CN=eve": "eve" } });
    const byFingerprint = ({ certificate }: Identity) => {
      const { fingerprint256 } = new X509Certificate(Deno.readTextFileSync(certificate));
      return { fingerprints: { [fingerprint256]: "joe" } };
    };
    for (const external of [bySubject, byFingerprint]) {
      await using running = await serve(external);
      const { server, joe, ann, eve } = running;
      for (
        const [said, code] of [["=", 235], [base64("joe"), 235], [base64("eve"), 535]] as const
      ) {
        const { client, offered } = await greeted(server, joe);
        using _client = client;
        assert.equal(offered, "AUTH PLAIN EXTERNAL");
        assert.equal((await client.command(`AUTH EXTERNAL ${said}`)).code, code);
        if (code !== 535) {
          assert.equal((await client.command("MAIL FROM:<joe@a.example>")).code, 250);
        }
      }
      const { client } = await greeted(server, joe);
      using _client = client;
      assert.equal((await client.command("AUTH EXTERNAL")).code, 334);
      assert.equal((await client.command("")).code, 235);
      await server.logs(/authenticated .*user=joe mechanism=EXTERNAL/);
      for (const stranger of [ann, eve, undefined]) {
        const { client, offered } = await greeted(server, stranger);
        using _client = client;
        assert.equal(offered, "AUTH PLAIN");
        assert.equal((await client.command("AUTH EXTERNAL =")).code, 504);
        assert.equal((await client.command("MAIL FROM:<joe@a.example>")).code, 530);
      }
    }
  },
);

Deno.test("a resumed session makes no certificate trusted", need("openssl"), async () => {
  await using running = await serve(() => ({ subjects: { "CN=joe": "joe", "CN=eve": "eve" } }));
  const { server, joe, eve } = running;
  for (const version of ["-tls1_3", "-tls1_2"]) {
    for (
      const [identity, offered] of [[joe, "AUTH PLAIN EXTERNAL"], [eve, "AUTH PLAIN"]] as const
    ) {
      const session = server.directory.of("session");
      const client = (how: string) =>
        runClient("openssl", [
          ...["s_client", "-connect", `127.0.0.1:${server.port}`, version, how, session],
          ...["-cert", identity.certificate, "-key", identity.key, "-crlf", "-ign_eof"],
        ], "EHLO a.example\nQUIT\n");
      for (const [how, handshake] of [["-sess_out", "New"], ["-sess_in", "Reused"]] as const) {
        const said = await client(how);
        assert.match(said, new RegExp(`^${handshake}, TLSv1`, "m"));
        assert.ok(said.includes(`250 ${offered}\r\n`), `${version} ${how} ${said}`);
      }
    }
  }
});

Deno.test("msmtp sends mail with a certificate", need("openssl", "msmtp"), async () => {
  await using running = await serve(() => ({ subjects: { "CN=joe": "joe" } }));
  const { server, joe } = running;
  const said = await runClient(
    "msmtp",
    [
      ...["--host=127.0.0.1", `--port=${server.port}`, "--auth=external", "--user=joe"],
      ...["--tls=on", "--tls-starttls=off", "--tls-certcheck=off", "--from=joe@example.net"],
      ...[`--tls-cert-file=${joe.certificate}`, `--tls-key-file=${joe.key}`],
      ...["--debug", "you@example.net"],
    ],
    "Subject: hello\r\n\r\nhello\r\n",
  );
  assert.match(said, /235 2\.7\.0 [^]*250 2\.0\.0 /);
});

Deno.test("gsasl authenticates with a certificate", need("openssl", "gsasl"), async () => {
  await using running = await serve(() => ({ subjects: { "CN=joe": "joe" } }));
  const { server, joe } = running;
  const port = server.addresses[1]!.split(":").at(-1);
  const said = await runClient("gsasl", [
    ...["--smtp", `--connect=localhost:${port}`, "--mechanism=EXTERNAL", "--authorization-id=joe"],
    ...[`--x509-cert-file=${joe.certificate}`, `--x509-key-file=${joe.key}`],
    `--x509-ca-file=${server.directory.of("localhost cert.pem")}`,
  ]);
  assert.match(said, /STARTTLS[^]*AUTH EXTERNAL[^]*235 2\.7\.0 /);
});
