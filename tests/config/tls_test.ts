/**
 * What is wrong with the key `tls`, and where.
 *
 * @module
 */
import assert from "node:assert/strict";
import { describe, parseConfig } from "../../src/config/mod.ts";
import { need } from "../need.ts";
import { Directory } from "../running.ts";
import { selfSigned } from "../tls/openssl.ts";

const AROUND = "hostname: mx.example.net\nusers: [joe]\npostmaster: joe\ntls:\n";

/** What is said of these lines below `tls`. */
function faultOf(directory: Directory, ...lines: string[]): string {
  const text = AROUND + lines.map((line) => `  ${line}\n`).join("");
  try {
    parseConfig(text, directory.of("postmaster.yaml"));
    return "";
  } catch (error) {
    return String((error as Error).message).replaceAll(`${directory.path}/`, "");
  }
}

Deno.test(
  "a certificate and its key must be there, readable, and fit together",
  need("openssl"),
  () => {
    using directory = new Directory();
    const [one, other] = [
      selfSigned(directory, ["a.example"]),
      selfSigned(directory, ["b.example"]),
    ];
    for (const [name, file] of Object.entries({ a: one.certificate, k: one.key, l: other.key })) {
      Deno.copyFileSync(file, directory.of(name));
    }
    assert.equal(faultOf(directory, "certificate: a", "key: k"), "");
    assert.equal(faultOf(directory, "certificates: [{ certificate: a, key: k }]"), "");
    assert.match(
      faultOf(directory, "certificate: a"),
      /^postmaster\.yaml:5:3: .*certificate and its key/,
    );
    assert.match(faultOf(directory, "minimum: TLSv1.3"), /certificate and its key are needed/);
    assert.match(
      faultOf(directory, "certificate: a", "key: l"),
      /^postmaster\.yaml:6:8: `tls\.key`: it does not belong to the certificate in a$/,
    );
    assert.match(
      faultOf(directory, "certificate: a", "key: nothing"),
      /^postmaster\.yaml:6:8: `tls\.key`: there is no file nothing: create it/,
    );
    assert.match(
      faultOf(
        directory,
        "certificate: a",
        "key: k",
        "certificates:",
        "- { certificate: a, key: l }",
      ),
      /^postmaster\.yaml:8:28: `tls\.certificates\[0\]\.key`: it does not belong/,
    );
    assert.match(
      faultOf(directory, "certificate: a", "key: k", "client-certificates: require"),
      /`client-certificates` needs `client-ca`/,
    );
    assert.match(faultOf(directory, "certificate: a", "key: k", "minimum: TLSv1.1"), /TLSv1\.2/);
  },
);

Deno.test("check warns of a certificate that is not for the server's name", need("openssl"), () => {
  using directory = new Directory();
  const { certificate, key } = selfSigned(directory, ["other.example"], 5);
  const certificates = [selfSigned(directory, ["third.example"])];
  const tls = JSON.stringify({ certificate, key, certificates });
  const text = AROUND.replace("tls:\n", `tls: ${tls}\n`);
  const lines = describe(parseConfig(text, directory.of("postmaster.yaml"))).join("\n");
  assert.match(lines, /^tls: TLSv1\.2 and later$/m);
  assert.match(lines, /^warning: .*expires at .*: renew it$/m);
  assert.match(
    lines,
    /^warning: .*is for other\.example, and not for `hostname`, mx\.example\.net$/m,
  );
  assert.doesNotMatch(lines, /third/);
});

Deno.test("what ACME needs must be said, and be there", () => {
  using directory = new Directory();
  Deno.chmodSync(directory.write("plain", "no program"), 0o644);
  Deno.chmodSync(directory.write("hook", "#!/bin/sh\n"), 0o755);
  const of = (acme: string) => faultOf(directory, `acme: ${acme}`);
  const good = "email: a@a.example, agree: true";
  assert.equal(of(`{ ${good} }`), "");
  assert.equal(of(`{ ${good}, domains: ["*.a.example"], dns-hook: [./hook, --option] }`), "");
  const mistakes: readonly [string, RegExp][] = [
    ["{ email: a@a.example }", /`tls\.acme\.agree`: the authority's terms .* write `agree: true`$/],
    ["{ agree: true }", /`tls\.acme\.email`/],
    [`{ email: nobody, agree: true }`, /`nobody` is no address/],
    [`{ ${good}, directory: "http://a.example" }`, /no URL of an ACME directory/],
    [`{ ${good}, domains: [192.0.2.1] }`, /`192\.0\.2\.1` is no domain/],
    [`{ ${good}, domains: ["*.a.example"] }`, /`tls\.acme\.domains`: .* needs `dns-hook`/],
    [`{ ${good}, listen: "unix:/s" }`, /cannot reach a Unix socket/],
    [`{ ${good}, listen: "*:80", dns-hook: [./hook] }`, /`tls\.acme\.listen`: with `dns-hook`/],
    [`{ ${good}, dns-hook: [./none] }`, /`tls\.acme\.dns-hook\[0\]`: there is no program none$/],
    [`{ ${good}, dns-hook: [./plain] }`, /plain cannot be run .*: chmod a\+rx plain$/],
    [`{ ${good}, dns-hook: [no-such-program] }`, /there is no program no-such-program in \//],
    [`{ ${good}, ca: none }`, /`tls\.acme\.ca`: .*none/],
  ];
  for (const [acme, fault] of mistakes) assert.match(of(acme), fault, acme);
});
