/**
 * Certificates and keys: what is found out before a client would.
 *
 * @module
 */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import {
  concernsAbout,
  isFor,
  KeyFault,
  type KeyFiles,
  readKeyPair,
} from "../../src/tls/key_pair.ts";
import { isFrom } from "../../src/tls/certificates.ts";
import { need } from "../need.ts";
import { Directory } from "../running.ts";
import { selfSigned } from "./openssl.ts";

const DAY = 86_400_000;

Deno.test("readKeyPair() reads a certificate and its key", need("openssl"), () => {
  using directory = new Directory();
  const pair = readKeyPair(selfSigned(directory, ["MX.example.net", "*.example.org"]));
  assert.deepEqual(pair.domains, ["mx.example.net", "*.example.org"]);
});

Deno.test("readKeyPair() refuses what no handshake would succeed with", need("openssl"), () => {
  using directory = new Directory();
  const textOf = ({ certificate, key }: KeyFiles) => ({
    certificate: readFileSync(certificate, "latin1"),
    key: readFileSync(key, "latin1"),
  });
  const one = textOf(selfSigned(directory, ["a.example"]));
  const other = textOf(selfSigned(directory, ["b.example"]));
  const encrypted = generateKeyPairSync("ec", {
    namedCurve: "P-256",
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "x" },
  }).privateKey as unknown as string;
  const wrong: readonly (readonly [Partial<KeyFiles>, keyof KeyFiles, RegExp])[] = [
    [{ key: one.key }, "certificate", /there is no file .*certificate: create/],
    [{ certificate: one.certificate }, "key", /there is no file .*key: create/],
    [{ certificate: "nonsense", key: one.key }, "certificate", /has no certificate/],
    [{ certificate: one.key, key: one.certificate }, "certificate", /has no certificate/],
    [{ certificate: one.certificate, key: "nonsense" }, "key", /has no private key/],
    [{ certificate: one.certificate, key: one.certificate }, "key", /has no private key/],
    [{ certificate: one.certificate, key: encrypted }, "key", /passphrase.*openssl pkey/],
    [{ certificate: one.certificate, key: other.key }, "key", /does not belong/],
    [
      { certificate: other.certificate + one.certificate, key: one.key },
      "certificate",
      /must stand first/,
    ],
  ];
  for (const [texts, which, message] of wrong) {
    using place = new Directory();
    for (const [name, text] of Object.entries(texts)) place.write(name, text);
    const files = { certificate: place.of("certificate"), key: place.of("key") };
    assert.throws(() => readKeyPair(files), (error) => {
      assert.ok(error instanceof KeyFault);
      assert.equal(error.which, which);
      assert.match(error.message, message);
      return true;
    });
  }
});

Deno.test("concernsAbout() names what an operator should mend in time", need("openssl"), () => {
  using directory = new Directory();
  const now = Date.now();
  const pair = readKeyPair(selfSigned(directory, ["mx.example.net"], 30));
  const at = (days: number, hostname = "mx.example.net") =>
    concernsAbout(pair, hostname, now + days * DAY).map(({ message }) => message).join("\n");
  assert.equal(at(1), "");
  assert.equal(at(1, "MX.example.net"), "");
  assert.match(at(17), /expires at .* UTC: renew it/);
  assert.match(at(31), /expired at .* UTC: renew it/);
  assert.match(at(-1), /not valid yet/);
  assert.match(at(1, "mail.example.net"), /is for mx\.example\.net, and not for `hostname`/);
});

Deno.test("isFor() takes a star for one label", () => {
  assert.ok(isFor("*.example.net", "mx.example.net"));
  assert.ok(!isFor("*.example.net", "example.net"));
  assert.ok(!isFor("*.example.net", "a.mx.example.net"));
  assert.ok(!isFor("*.example.net", "mx.example.org"));
});

Deno.test("isFrom() compares versions by their numbers", () => {
  for (const version of ["2.7.13", "2.7.14", "2.10.0", "3.0.0"]) {
    assert.ok(isFrom(version, [2, 7, 13]), version);
  }
  for (const version of ["2.7.12", "2.6.99", "1.99.99"]) {
    assert.ok(!isFrom(version, [2, 7, 13]), version);
  }
});
