import { deepEqual, equal, match } from "node:assert/strict";
import { needFile } from "../need.ts";
import { check } from "./signed.ts";
import { PYTHON, relay, sealedByDkimpy, SEALERS } from "./signers.ts";

const MESSAGE = "From: joe@a.example\r\nSubject: dinner\r\nTo: ann@b.example\r\n\r\nhello\r\n";
const NEED = needFile(PYTHON, "apt-get install python3-dkim python3-authres");
const CHAINS = NEED.ignore ? [] : await sealedByDkimpy(MESSAGE, 50);
const chain = (links: number): string => CHAINS[links - 1] ?? "";
const now = new Date();

/** The verdict on a chain. */
const arcOf = async (text: string, records: Readonly<Record<string, string>> = SEALERS) =>
  (await check(text, records, { now })).arc;

/** The result, and why. */
const resultOf = async (text: string, records = SEALERS) => {
  const { result, reason = "" } = await arcOf(text, records);
  return `${result}: ${reason}`;
};

/** One field of a link, as a pattern: with its continuation lines. */
const field = (name: string, i: number): RegExp =>
  new RegExp(`^${name}: i=${i};[^]*?\r\n(?![ \t])`, "m");
const FIELDS = ["ARC-Seal", "ARC-Message-Signature", "ARC-Authentication-Results"];

Deno.test({
  name: "checkSignatures() passes the chains of dkimpy",
  ...NEED,
  fn: async () => {
    for (const links of [1, 2, 3, 50]) {
      const { result, reason, sealers, results } = await arcOf(chain(links));
      equal(result, "pass", reason);
      deepEqual(sealers, Array.from({ length: links }, (_, i) => relay(i + 1)));
      equal(results[0], "relay1.example; spf=pass smtp.mailfrom=joe@a.example");
      if (links > 1) equal(results[1], "relay2.example; arc=pass; dkim=fail header.d=a.example");
    }
  },
});

Deno.test({
  name: "checkSignatures() fails a chain that is broken in any place",
  ...NEED,
  fn: async () => {
    const whole = chain(3);
    for (const i of [1, 2, 3]) {
      for (const name of FIELDS) {
        const [found = ""] = field(name, i).exec(whole) ?? [];
        const others: readonly (readonly [string, string])[] = [
          ["left out", ""],
          ["twice", found + found],
          ["of another link", found.replace(/i=\d/, "i=7")],
          ["of no link", found.replace(/i=\d;/, "")],
          ["of the link 0", found.replace(/i=\d/, "i=0")],
          ["of the link 1e0", found.replace(/i=\d/, "i=1e0")],
          ["changed", found.replace("relay", "relax")],
        ];
        for (const [what, other] of others) {
          if (what === "of the link 1e0" && name !== "ARC-Seal") continue;
          match(await resultOf(whole.replace(found, other)), /^fail: ./, `${name} ${i} ${what}`);
        }
      }
      const [seal = ""] = field("ARC-Seal", i).exec(whole) ?? [];
      for (const cv of ["none", "pass", "fail", "x", ""]) {
        if (cv === (i === 1 ? "none" : "pass")) continue;
        const other = seal.replace(/cv=\w+/, `cv=${cv}`);
        match(await resultOf(whole.replace(seal, other)), /^fail: ./, `cv=${cv} in ${i}`);
      }
      match(await resultOf(whole.replace(seal, seal.replace(";", "; h=from;"))), /^fail: ./);
      match(
        await resultOf(whole.replace(seal, seal.replace("rsa-sha256", "rsa-sha1"))),
        /^fail: ./,
      );
    }
    match(await resultOf(whole.replace("hello", "hallo")), /^fail: the body has changed/);
    match(await resultOf(whole.replace("Subject: dinner", "Subject: lunch")), /^fail: the header/);
    match(await resultOf(whole.replace("From: joe", "From: eve")), /^fail: the header/);
    match(await resultOf(whole), /^pass: $/);
  },
});

Deno.test({
  name: "checkSignatures() fails a chain of 50 whose seal has changed in any of them",
  ...NEED,
  fn: async () => {
    const whole = chain(50);
    for (const i of [1, 2, 25, 49, 50]) {
      const [seal = ""] = field("ARC-Seal", i).exec(whole) ?? [];
      match(await resultOf(whole.replace(seal, seal.replace(/ t=\d/, " t=9"))), /^fail: ./, `${i}`);
    }
    const more = FIELDS.map((name) => field(name, 50).exec(whole)?.[0].replace("i=50", "i=51"));
    match(await resultOf(more.join("") + whole), /^fail: .*instance/);
  },
});

Deno.test({
  name: "checkSignatures() says of a chain what the DNS says of its keys",
  ...NEED,
  fn: async () => {
    const [first, last] = [1, 3].map((n) => `rsa._domainkey.${relay(n)}`);
    const cases = [
      ["ESERVFAIL", /^temperror: .*ESERVFAIL/],
      ["ETIMEOUT", /^temperror: .*ETIMEOUT/],
      ["ENODATA", /^fail: there is no such key/],
      ["v=DKIM1; p=", /^fail: the key has been revoked/],
      [`v=DKIM1; p=${"A".repeat(2800)}`, /^fail: the key has more than 4096 bits/],
    ] as const;
    for (const name of [first!, last!]) {
      for (const [record, result] of cases) {
        match(await resultOf(chain(3), { ...SEALERS, [name]: record }), result, name);
      }
    }
    const changed = chain(3).replace("hello", "hallo");
    match(await resultOf(changed, { ...SEALERS, [last!]: "ESERVFAIL" }), /^temperror: /);
    const forged = chain(3).replace(/^(ARC-Seal: i=3;[^]*? b=)/m, "$1AAAA");
    match(await resultOf(forged, { ...SEALERS, [first!]: "ESERVFAIL" }), /^fail: /);
  },
});
