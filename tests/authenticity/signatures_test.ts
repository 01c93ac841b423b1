import { deepEqual, equal, match } from "node:assert/strict";
import { Buffer } from "node:buffer";
import { FakeDns } from "postmaster/testing";
import { checkSignatures } from "../../src/authenticity/signatures.ts";
import { check, ed25519Key, message, pieces, rsaKey, signature, signed } from "./signed.ts";
import { RFC6376, RFC6376_KEYS, RFC8463, RFC8463_KEYS } from "./vectors.ts";

const NAME = "one._domainkey.example.net";
const rsa = rsaKey();
const keys = { [NAME]: rsa.record };

/** The result of the only signature, and why. */
async function resultOf(text: string, records: Readonly<Record<string, string>> = keys) {
  const { dkim: [verdict, ...others] } = await check(text, records);
  equal(others.length, 0);
  return verdict === undefined ? "none" : `${verdict.result}: ${verdict.reason ?? ""}`;
}

Deno.test("checkSignatures() verifies both signatures of RFC 8463 appendix A, in pieces of any length", async () => {
  for (const piece of [1, 2, 3, 7, 64, 10_000]) {
    const { dkim, arc, authors, unexamined } = await check(RFC8463, RFC8463_KEYS, {
      piece,
    });
    const common = { domain: "football.example.com", identity: "@football.example.com" };
    deepEqual(dkim, [
      {
        ...common,
        selector: "brisbane",
        algorithm: "ed25519-sha256",
        signature: "/gCrinpc",
        result: "pass",
        bits: undefined,
      },
      {
        ...common,
        selector: "test",
        algorithm: "rsa-sha256",
        signature: "F45dVWDf",
        result: "pass",
        bits: 1024,
      },
    ]);
    deepEqual(arc, { result: "none", sealers: [], results: [] });
    deepEqual({ authors, unexamined }, {
      authors: ["football.example.com"],
      unexamined: 0,
    });
  }
});

Deno.test("checkSignatures() verifies the signature of RFC 6376 appendix A", async () => {
  const { dkim: [verdict] } = await check(RFC6376, RFC6376_KEYS);
  deepEqual([verdict?.result, verdict?.domain, verdict?.identity], [
    ...["pass", "example.com", "joe@football.example.com"],
  ]);
});

Deno.test("checkSignatures() finds a changed octet anywhere in what is signed", async () => {
  const start = RFC8463.indexOf("From: Joe");
  for (let at = start; at < RFC8463.length; at++) {
    const octet = RFC8463[at]!;
    if (/[\r\n \t:]/.test(octet)) continue;
    const changed = RFC8463.slice(0, at) + (octet === "x" ? "y" : "x") + RFC8463.slice(at + 1);
    const { dkim } = await check(changed, RFC8463_KEYS);
    deepEqual(dkim.map(({ result }) => result), ["fail", "fail"], changed.slice(at - 10, at + 10));
  }
});

Deno.test("checkSignatures() passes what is in order", async () => {
  equal(await resultOf(signed({ key: rsa })), "pass: ");
  equal(
    await resultOf(signed({ key: rsa, tags: { x: "1900000000", t: "1772000000", q: "dns/txt" } })),
    "pass: ",
  );
  equal(
    await resultOf(
      signed({ key: rsa, tags: { i: "=22joe=40x=22@mail.example.net", unknown: "=" } }),
    ),
    "pass: ",
  );
  equal(
    await resultOf(
      signed({ key: rsa, body: "", tags: { bh: "frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=" } }),
    ),
    "pass: ",
  );
  const ed25519 = ed25519Key();
  equal(await resultOf(signed({ key: ed25519 }), { [NAME]: ed25519.record }), "pass: ");
  const big = rsaKey(4096);
  equal(await resultOf(signed({ key: big }), { [NAME]: big.record }), "pass: ");
});

Deno.test("checkSignatures() finds what is wrong with a signature", async () => {
  const cases: readonly (readonly [tags: Record<string, string | undefined>, result: RegExp])[] = [
    [{ v: undefined }, /^neutral: signature missing required tag/],
    [{ v: "2" }, /^neutral: incompatible version/],
    [{ a: "rsa-sha1" }, /^policy: .*SHA-1/],
    [{ a: "rsa-md5" }, /^neutral: unknown algorithm/],
    [{ a: undefined }, /^neutral: unknown algorithm/],
    [{ a: "ed25519-sha256" }, /^permerror: inappropriate key algorithm/],
    [{ c: "simple/nowsp" }, /^neutral: unknown canonicalization/],
    [{ d: "example.org" }, /^permerror: there is no such key/],
    [{ d: "" }, /^neutral: /],
    [{ d: "ex ample..net" }, /^neutral: /],
    [{ s: "two" }, /^permerror: there is no such key/],
    [{ h: "to:subject" }, /^neutral: From field not signed/],
    [{ h: "" }, /^neutral: /],
    [{ h: undefined }, /^neutral: /],
    [{ bh: undefined }, /^neutral: /],
    [{ bh: "AAAA" }, /^fail: the body has changed/],
    [{ i: "joe@example.org" }, /^neutral: domain mismatch/],
    [{ i: "joe@notexample.net" }, /^neutral: domain mismatch/],
    [{ i: "example.net" }, /^neutral: /],
    [{ q: "http" }, /^neutral: unsupported query method/],
    [{ t: "1900000000" }, /^policy: .*future/],
    [{ x: "1700000000" }, /^policy: .*expired/],
    [{ t: "1772000000", x: "1771999999" }, /^neutral: invalid expiration/],
    [{ t: "soon" }, /^neutral: signature syntax error/],
    [{ x: "-1" }, /^neutral: signature syntax error/],
    [{ l: "x" }, /^neutral: signature syntax error/],
    [{ l: "0" }, /^policy: 17 octets of the body are not signed/],
    [{ l: "16" }, /^policy: 1 octets of the body are not signed/],
    [{ l: "17" }, /^pass/],
    [{ l: "18" }, /^fail: the body is too short/],
    [{ l: "9".repeat(76) }, /^fail: the body is too short/],
  ];
  for (const [tags, result] of cases) {
    match(await resultOf(signed({ key: rsa, tags })), result, JSON.stringify(tags));
  }
});

Deno.test("checkSignatures() takes a list of tags only as RFC 6376 section 3.2 has it", async () => {
  for (
    const garbage of ["d=example.net; ", "; ", "nonsense; ", "=; ", "x y=1; ", "\0=1; ", "1=1; "]
  ) {
    match(await resultOf(signed({ key: rsa, garbage })), /^neutral: /, garbage);
  }
  for (const garbage of ["B=AAAA; ", "zz=b=AAAA; ", 'n="; ', "z=From:b=20; "]) {
    equal(await resultOf(signed({ key: rsa, garbage })), "pass: ", garbage);
  }
  const whole = signed({ key: rsa });
  match(await resultOf(whole.replace(/; b=[^\r]*/, "")), /^neutral: /);
  match(await resultOf(whole.replace(/b=[^\r]*/, "b=")), /^fail: /);
  match(await resultOf(whole.replace(/b=[^\r]*/, "b=%%%")), /^fail: /);
  match(await resultOf(`DKIM-Signature:\r\n${message([])}`), /^neutral: /);
});

Deno.test("checkSignatures() judges the record of a key", async () => {
  const p = rsa.record.slice(rsa.record.indexOf("p="));
  const cases: readonly (readonly [record: string, result: RegExp])[] = [
    [p, /^pass/],
    [`v=DKIM1; t=y; n=test; ${p}`, /^pass/],
    [`v=DKIM1; h=sha1:sha256; s=email; k=rsa; ${p}; x=1`, /^pass/],
    ["v=DKIM1; p=", /^permerror: the key has been revoked/],
    ["v=DKIM1; k=rsa", /^permerror: /],
    ["", /^permerror: /],
    [`v=DKIM2; ${p}`, /^permerror: .*version/],
    [`${p}; v=DKIM1`, /^permerror: /],
    [`v=DKIM1; h=sha1; ${p}`, /^permerror: the key is not for SHA-256/],
    [`v=DKIM1; s=tlsrpt; ${p}`, /^permerror: the key is not for mail/],
    [`v=DKIM1; k=ed25519; ${p}`, /^permerror: /],
    [`v=DKIM1; ${p}; ${p}`, /^permerror: /],
    ["v=DKIM1; p=AAAA", /^permerror: /],
    ["v=DKIM1; p=***", /^permerror: /],
    [rsaKey().record, /^fail: /],
    ["ESERVFAIL", /^temperror: .*ESERVFAIL/],
    ["ETIMEOUT", /^temperror: .*ETIMEOUT/],
    ["EREFUSED", /^temperror: /],
    ["EBADRESP", /^temperror: /],
    ["ENODATA", /^permerror: there is no such key/],
  ];
  for (const [record, result] of cases) {
    match(await resultOf(signed({ key: rsa }), { [NAME]: record }), result, record);
  }
  const strict = { [NAME]: `v=DKIM1; t=y:s; ${p}` };
  match(await resultOf(signed({ key: rsa, tags: { i: "@example.net" } }), strict), /^pass/);
  match(
    await resultOf(signed({ key: rsa, tags: { i: "@mail.example.net" } }), strict),
    /^permerror: domain mismatch/,
  );
});

Deno.test("checkSignatures() takes a selector with a low line, as some domains have", async () => {
  for (const s of ["my_key", "_", "a_b.c_d"]) {
    const records = { [`${s}._domainkey.example.net`]: rsa.record };
    const { dkim: [verdict] } = await check(signed({ key: rsa, tags: { s } }), records);
    deepEqual([verdict?.result, verdict?.selector], ["pass", s]);
  }
  const h = "from:s=a_b"; // no tag `s`
  equal(await resultOf(signed({ key: rsa, tags: { h } })), "pass: ");
  for (const s of ["my_key!", "my key_", "_;x=_"]) {
    match(await resultOf(signed({ key: rsa, tags: { s } })), /^(neutral|permerror): /, s);
  }
});

Deno.test("checkSignatures() accepts RSA keys from 1024 to 4096 bits, by RFC 8301", async () => {
  for (const bits of [512, 768, 1023]) {
    const key = rsaKey(bits);
    const { dkim: [verdict] } = await check(signed({ key }), { [NAME]: key.record });
    deepEqual([verdict?.result, verdict?.bits], ["policy", bits]);
  }
  const huge = `v=DKIM1; p=${"A".repeat(2800)}`; // 16,384 bits
  match(
    await resultOf(signed({ key: rsa }), { [NAME]: huge }),
    /^policy: the key has more than 4096 bits/,
  );
});

Deno.test("checkSignatures() finds the key among other records of its name", async () => {
  const records = [["v=spf1 -all"], [rsa.record], ["something"]];
  const { dkim } = await checkSignatures(pieces(Buffer.from(signed({ key: rsa })), 100), {
    resolver: new FakeDns({ [NAME]: { TXT: records } }),
    now: new Date("2026-03-01"),
  });
  deepEqual(dkim.map(({ result }) => result), ["pass"]);
});

Deno.test("checkSignatures() examines as many signatures as it may, from the top, and looks each key up once", async () => {
  const one = signature({ key: rsa });
  const broken = one.replace("b=", "b=AAAA");
  const found = await check(message([one, broken, broken, one, one]), keys, { most: 3 });
  deepEqual(found.dkim.map(({ result }) => result), ["pass", "fail", "fail"]);
  equal(found.unexamined, 2);
});

Deno.test("checkSignatures() gives up a DNS that is silent, and does not wait for each key again", async () => {
  const asked: string[] = [];
  const resolver = {
    resolve: (name: string) => {
      asked.push(name);
      return new Promise<never>(() => {});
    },
  };
  const signatures = ["a", "b", "c"].map((s) => signature({ key: rsa, tags: { s } }));
  const { dkim } = await checkSignatures(pieces(Buffer.from(message(signatures)), 100), {
    resolver,
    now: new Date("2026-03-01"),
    lookups: { timeout: 50 },
  });
  deepEqual(dkim.map(({ result }) => result), ["temperror", "temperror", "temperror"]);
  equal(asked.length, 3);
});

Deno.test("checkSignatures() says whose domains the authors have, in all fields", async () => {
  const message =
    "fROM : a@X.example\r\nFrom:\r\n B\r\n\t<b@y.example>\r\n\r\nFrom: c@z.example\r\n";
  deepEqual((await check(message, {})).authors, ["x.example", "y.example"]);
});

Deno.test("checkSignatures() does not trust a signature below a further field From", async () => {
  const fields = "From: News <news@example.net>\r\nSubject: dinner\r\n";
  const further = "From: Boss <boss@example.net>\r\n";
  equal(await resultOf(signed({ key: rsa, fields, tags: { h: "from:subject" } })), "pass: ");
  const once = signed({ key: rsa, fields, tags: { h: "from:subject" } });
  equal(await resultOf(further + once), "policy: not all fields From are signed");
});
