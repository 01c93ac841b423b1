/**
 * `postmaster cert self-signed`, and a server with what it makes.
 *
 * @module
 */
import assert from "node:assert/strict";
import { need, needRoot, needRuntime } from "../need.ts";
import { Directory, postmaster, run, Running } from "../running.ts";
import { withUser } from "../user.ts";

const MAKE = ["cert", "self-signed"] as const;

/** A configuration that names a certificate which is not there yet. */
const SETTINGS = {
  hostname: "mx.example.net",
  domains: ["example.net"],
  users: ["you"],
  tls: { certificate: "tls/cert.pem", key: "tls/key.pem" },
};

function configured(directory: Directory, more: object = {}): string {
  Deno.chmodSync(directory.path, 0o755);
  Deno.mkdirSync(directory.of("tls"));
  return directory.write("postmaster.yaml", { ...SETTINGS, ...more });
}

Deno.test(
  "the certificate is where the server looks for it, and encrypts",
  { ignore: need("openssl").ignore || needRuntime("2.9").ignore },
  async () => {
    using other = new Directory();
    const made = await postmaster(...MAKE, "--config", configured(other));
    assert.equal(made.code, 0, made.stderr);
    assert.match(made.stdout, /names both\.\n\nNo client trusts this certificate/);
    assert.equal(Deno.statSync(other.of("tls/key.pem")).mode! & 0o777, 0o600);

    const tls = { certificate: other.of("tls/cert.pem"), key: other.of("tls/key.pem") };
    await using server = await Running.start(() => ({ tls }));
    const client = await run("openssl", [
      ...["s_client", "-starttls", "smtp", "-connect", `127.0.0.1:${server.port}`],
      ...["-CAfile", tls.certificate, "-verify_hostname", "mx.example.net", "-brief"],
    ], "QUIT\r\n");
    const seen = client.stdout + client.stderr;
    assert.match(seen, /Verification: OK/);
    assert.match(seen, /Verified peername: mx\.example\.net/);
    assert.match(seen, /ECDSA/);
  },
);

Deno.test("no file is overwritten, not even one of the two", async () => {
  for (const there of ["tls/cert.pem", "tls/key.pem"]) {
    using directory = new Directory();
    const config = configured(directory);
    directory.write(there, "mine");
    const { code, stderr } = await postmaster(...MAKE, "--config", config);
    assert.equal(code, 1);
    assert.match(stderr, new RegExp(`${there} is there already, so nothing was written`));
    assert.equal([...Deno.readDirSync(directory.of("tls"))].length, 1);
    assert.equal(directory.read(there), "mine");
  }
});

Deno.test("files and domains of the command line", need("openssl"), async () => {
  using directory = new Directory();
  const files = [
    ...["--certificate", directory.of("a.pem"), "--key", directory.of("b.pem")],
    ...["--domain", "mx.example.org", "--domain", "Mail.example.org", "--days", "7"],
  ];
  const { code, stdout, stderr } = await postmaster(...MAKE, ...files);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /tls:\n {4}certificate: .*a\.pem\n {4}key: .*b\.pem\n/);
  const seen = await run("openssl", [
    ...["x509", "-in", directory.of("a.pem"), "-noout", "-ext", "subjectAltName"],
    ...["-checkend", String(8 * 86_400)],
  ]);
  assert.match(seen.stdout, /DNS:mx\.example\.org, DNS:mail\.example\.org/);
  assert.match(seen.stdout, /will expire/);
});

Deno.test("the command says what it lacks", async () => {
  using directory = new Directory();
  const bare = directory.write("postmaster.yaml", { ...SETTINGS, tls: undefined });
  const cases = [
    [["--config", bare], /nothing says where to write: name the files/],
    [["--key", "a"], /--certificate and --key go together/],
    [["--certificate", "/nowhere/a", "--key", "/nowhere/b"], /there is no directory \/nowhere/],
    [["--domain", "-"], /Write a domain such as/],
    [["--days", "0"], /Write a number of days/],
  ] as const;
  for (const [flags, message] of cases) {
    const { code, stderr } = await postmaster(...MAKE, ...flags);
    assert.notEqual(code, 0);
    assert.match(stderr, message);
  }
});

Deno.test("root makes them the server's user's, where that user could not lead root elsewhere", {
  ...needRoot(),
}, () =>
  withUser(async (user) => {
    using directory = new Directory();
    const config = configured(directory, { user });
    const made = await postmaster(...MAKE, "--config", config);
    assert.equal(made.code, 0, made.stderr);
    assert.match(made.stdout, new RegExp(`which only the user ${user} can read`));
    const { uid } = Deno.statSync(directory.of("tls/cert.pem"));
    assert.notEqual(uid, 0);
    assert.equal(Deno.statSync(directory.of("tls/key.pem")).uid, uid);

    using theirs = new Directory();
    const unsafe = configured(theirs, { user });
    Deno.chownSync(theirs.of("tls"), uid!, 0);
    const { code, stderr } = await postmaster(...MAKE, "--config", unsafe);
    assert.equal(code, 1);
    assert.match(stderr, /so root writes nothing there/);
    assert.deepEqual([...Deno.readDirSync(theirs.of("tls"))], []);
  }));
