/**
 * Subjects of certificates, which are as openssl(1) prints them.
 *
 * @module
 */
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { subjectOf } from "../../src/tls/subject.ts";
import { need } from "../need.ts";
import { Directory } from "../running.ts";

const SUBJECTS = [
  "/CN=joe",
  "/C=AT/O=Example/OU=Mail/CN=joe/emailAddress=joe@example.net",
  "/CN=joe,O=Example",
  "/O=Example/CN=joe",
  "/CN=joe\nO=Example",
  "/O=Example/CN=joe+UID=5+O=x",
  '/CN=# a"b;c<d>e\\\\f\\+ ',
  "/CN= joe/L=Wien/ST=Wien/street=Weg 1/DC=example/DC=net",
  "/CN=Jörg ✓/O=Größe",
  "/CN=joe/serialNumber=17/title=Dr",
  "/CN=" + "x".repeat(64) + "/O=" + "y".repeat(64) + "/OU=" + "z".repeat(64),
];

Deno.test("a subject is as openssl prints it, and has no double", need("openssl"), () => {
  using directory = new Directory();
  const file = directory.of("cert.pem");
  const openssl = (...args: string[]): string => {
    const { success, stdout, stderr } = new Deno.Command("openssl", { args }).outputSync();
    assert.ok(success, new TextDecoder().decode(stderr));
    return new TextDecoder().decode(stdout).replace(/\n$/, "");
  };
  const found = SUBJECTS.map((subject) => {
    openssl(
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
      ...["-utf8", "-multivalue-rdn", "-subj", subject, "-keyout", "/dev/null", "-out", file],
    );
    const printed = subjectOf(new X509Certificate(Deno.readTextFileSync(file)).raw);
    const how = ["-nameopt", "RFC2253,-esc_msb,utf8"];
    const expected = openssl("x509", "-in", file, "-noout", "-subject", ...how);
    // openssl knows the names of more attributes, and then shows their values as texts.
    if (!/serialNumber|title/.test(subject)) assert.equal(`subject=${printed}`, expected);
    return printed;
  });
  assert.equal(found[9], "2.5.4.12=#0C024472,2.5.4.5=#13023137,CN=joe");
  assert.equal(new Set(found).size, found.length);
});
