/** What makes signatures: OpenSSL, the platform, and the same octets from both. */
import { deepEqual, equal, notEqual, rejects } from "node:assert/strict";
import { createPrivateKey, createPublicKey, generateKeyPairSync, verify } from "node:crypto";
import { Header } from "../../src/message/fields.ts";
import { relaxedField } from "../../src/message/relaxed.ts";
import type { SigningKey } from "../../src/signing/keys.ts";
import { Libcrypto } from "../../src/signing/libcrypto.ts";
import { octetsOf } from "../../src/signing/signable.ts";
import { Signatures } from "../../src/signing/signatures.ts";
import { encode } from "../../src/smtp/ascii.ts";
import { runApart } from "../running.ts";
import { newKey } from "./keys.ts";

const library = Libcrypto.open();
const makers = { OpenSSL: new Signatures(library), "the platform": new Signatures() };
const text = octetsOf("from:joe@example.net\r\n");

Deno.test("this system has OpenSSL", () => {
  notEqual(library, undefined);
});

Deno.test("OpenSSL and the platform make the same RSA signatures, and others verify them", async () => {
  for (const bits of [1024, 2048, 3072]) {
    const key = newKey("rsa", { bits });
    const [one, other] = await Promise.all(Object.values(makers).map((by) => by.sign(key, text)));
    deepEqual([...one!], [...other!], `${bits}`);
    equal(verify("sha256", text, createPublicKey(createPrivateKey(key.pem)), one!), true);
  }
});

Deno.test("many signatures at once are all right", async () => {
  const keys = [newKey("rsa"), newKey("ed25519"), newKey("rsa")];
  const all = Array.from({ length: 200 }, (_, i) => octetsOf(`message ${i}`));
  for (const by of Object.values(makers)) {
    await Promise.all(all.map(async (octets, i) => {
      const { pem, algorithm } = keys[i % keys.length]!;
      const signature = await by.sign(keys[i % keys.length]!, octets);
      const key = createPublicKey(createPrivateKey(pem));
      const isRsa = algorithm === "rsa-sha256";
      const signed = isRsa ? octets : new Uint8Array(await crypto.subtle.digest("SHA-256", octets)); // RFC 8463 section 3
      equal(verify(isRsa ? "sha256" : null, signed, key, signature), true);
    }));
  }
});

Deno.test("OpenSSL signs also after the permission to open libraries is given up", async () => {
  const module = `
    import { Libcrypto } from "./src/signing/libcrypto.ts";
    const library = Libcrypto.open();
    Deno.permissions.revokeSync({ name: "ffi" });
    const sign = library.rsa(${JSON.stringify(newKey("rsa").pem)});
    console.log((await sign(new Uint8Array(9))).length, Libcrypto.open());
  `;
  equal(await runApart("", module), "256 undefined\n");
});

Deno.test("OpenSSL frees nothing at the end of the process, beside threads that have signed", async () => {
  const module = `
    import { Libcrypto } from "./src/signing/libcrypto.ts";
    const sign = Libcrypto.open().rsa(${JSON.stringify(newKey("rsa").pem)});
    const pointer = "pointer";
    const libc = Deno.dlopen("libc.so.6", { dlsym: { parameters: [pointer, "buffer"], result: pointer } });
    const openssl = Deno.dlopen("libcrypto.so.3", { OPENSSL_atexit: { parameters: [pointer], result: "i32" } });
    const abort = libc.symbols.dlsym(null, new TextEncoder().encode("abort\\0"));
    console.log(openssl.symbols.OPENSSL_atexit(abort)); // to be called when OpenSSL frees what it has
    await sign(new Uint8Array(9));
  `;
  equal(await runApart("", module), "1\n");
});

Deno.test("where OpenSSL refuses a key, the platform signs", async () => {
  const refuses = new Signatures({
    rsa: () => () => Promise.reject(new Error("not by the policy of this system")),
  } as unknown as Libcrypto);
  const key = newKey("rsa");
  deepEqual([...await refuses.sign(key, text)], [...await makers.OpenSSL.sign(key, text)]);
});

Deno.test("a key in PKCS #1 signs", async () => {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const [old, pem] = (["pkcs1", "pkcs8"] as const).map((type) =>
    String(privateKey.export({ type, format: "pem" }))
  );
  const facts = { domain: "example.net", selector: "a", algorithm: "rsa-sha256" } as const;
  for (const by of Object.values(makers)) {
    const [one, other] = await Promise.all(
      [old, pem].map((pem) => by.sign({ ...facts, pem: pem! }, text)),
    );
    deepEqual(one, other);
  }
});

Deno.test("keys that cannot sign are told, and never asked for at the terminal", async () => {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const encrypted = String(privateKey.export({
    ...{ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "secret" },
  }));
  const ec = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
  const bad: readonly Partial<SigningKey>[] = [
    { pem: "no key" },
    { pem: newKey("rsa").pem.replace(/[A-Z]{4}/, "AAAA").slice(0, 400) },
    { pem: encrypted },
    { pem: newKey("ed25519").pem },
    { pem: String(ec.export({ type: "pkcs8", format: "pem" })) },
    { pem: newKey("rsa").pem, algorithm: "ed25519-sha256" },
    newKey("rsa", { bits: 512 }),
  ];
  for (const by of Object.values(makers)) {
    for (const one of bad) await rejects(by.sign({ ...newKey("rsa"), ...one }, text));
  }
});

Deno.test("the signature of RFC 8463 appendix A comes out octet by octet", async () => {
  const seed = Uint8Array.fromBase64("nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=");
  const der = Uint8Array.of(
    ...[0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20],
    ...seed,
  );
  const pem = `-----BEGIN PRIVATE KEY-----\n${der.toBase64()}\n-----END PRIVATE KEY-----\n`;
  const facts = { domain: "football.example.com", selector: "brisbane" };
  const key: SigningKey = { ...facts, algorithm: "ed25519-sha256", pem };
  const header = new Header(encode(
    "From: Joe SixPack <joe@football.example.com>\r\n" +
      "To: Suzie Q <suzie@shopping.example.net>\r\n" +
      "Subject: Is dinner ready?\r\n" +
      "Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n" +
      "Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n\r\n",
  ));
  const named = ["From", "To", "Subject", "Date", "Message-ID"];
  const fields = named.map((name) => `${relaxedField(name, header.first(name)!.raw)}\r\n`);
  const own = relaxedField(
    "DKIM-Signature",
    " v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n d=football.example.com; " +
      "i=@football.example.com;\r\n q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n" +
      " subject : date : message-id : from : subject : date;\r\n" +
      " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n b=",
  );
  const signature = await makers.OpenSSL.sign(key, octetsOf(fields.join("") + own));
  equal(
    signature.toBase64(),
    "/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11BusFa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==",
  );
});
