import { deepEqual, equal, match } from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { readResults } from "../../src/authenticity/read_results.ts";
import { resultsField, withoutForgeries } from "../../src/authenticity/results.ts";
import type { DkimVerdict, SenderAuthentication } from "../../src/authenticity/verdict.ts";

const ID = "mx.example.net";

const signature: DkimVerdict = {
  result: "pass",
  domain: "example.org",
  selector: "s1",
  identity: "@example.org",
  algorithm: "rsa-sha256",
  signature: "AbCd/+12",
};

const all: SenderAuthentication = {
  helo: { result: "pass", identity: "helo", domain: "mx.example.org", reason: "no", lookups: 0 },
  spf: { result: "fail", identity: "mailfrom", domain: "example.org", reason: "-all", lookups: 1 },
  dkim: [signature, {
    ...signature,
    result: "fail",
    reason: 'a "bad" \\ body',
    identity: "joe@x.y",
  }],
  arc: { result: "pass", sealers: ["a.example", "b.example"], results: [] },
  dmarc: {
    result: "fail",
    domain: "example.org",
    policy: "reject",
    aligned: { spf: false, dkim: false },
    reason: "nothing passes",
  },
};

Deno.test("resultsField() says what was checked, in the form of RFC 8601", () => {
  equal(resultsField({}, ID), "");
  equal(
    resultsField({ dkim: [] }, ID),
    "Authentication-Results: mx.example.net;\r\n\tdkim=none\r\n",
  );
  equal(
    resultsField(all, ID),
    [
      "Authentication-Results: mx.example.net;",
      '\tspf=fail reason="-all" smtp.mailfrom=example.org;',
      "\tspf=pass smtp.helo=mx.example.org;",
      "\tdkim=pass header.d=example.org header.s=s1 header.a=rsa-sha256",
      '\t\theader.b="AbCd/+12";',
      '\tdkim=fail reason="a \\"bad\\" \\\\ body" header.d=example.org',
      "\t\theader.i=joe@x.y header.s=s1 header.a=rsa-sha256",
      '\t\theader.b="AbCd/+12";',
      "\tarc=pass header.d=b.example;",
      '\tdmarc=fail reason="nothing passes" policy.dmarc=reject',
      "\t\theader.from=example.org",
      "",
    ].join("\r\n"),
  );
});

Deno.test("readResults() reads what resultsField() has written", () => {
  const [, value = ""] = /^[^:]*:([^]*)$/.exec(resultsField(all, ID)) ?? [];
  const { id, results } = readResults(value)!;
  equal(id, ID);
  deepEqual(results.map(({ method, result }) => `${method}=${result}`), [
    ...["spf=fail", "spf=pass", "dkim=pass", "dkim=fail", "arc=pass", "dmarc=fail"],
  ]);
  equal(results[3]!.properties.get("reason"), 'a "bad" \\ body');
  equal(results[5]!.properties.get("header.from"), "example.org");
});

Deno.test("readResults() reads fields of others", () => {
  const read = (value: string) => {
    const found = readResults(value);
    return found && [
      found.id,
      ...found.results.map(({ method, result, properties }) =>
        `${method}=${result} ${[...properties].map((pair) => pair.join("=")).join(" ")}`.trim()
      ),
    ];
  };
  // RFC 8601 appendix B
  deepEqual(read("example.org 1; none"), ["example.org"]);
  deepEqual(
    read(
      "foo.example.net (foobar) 1 (baz);\r\n    dkim (Because I like it) / 1 (One yay) =" +
        " (wait for it) fail\r\n      policy (A dot can go here) . (like that) expired\r\n" +
        "      (this surprised me) = (as I wasn't expecting it) 1362471462",
    ),
    ["foo.example.net", "dkim=fail policy.expired=1362471462"],
  );
  deepEqual(
    read(
      '"mx;.example"; dmarc=Pass (p=none; dis=none) header.from="a;b" ; SPF=fail reason="dmarc=pass"',
    ),
    ["mx;.example", "dmarc=pass header.from=a;b", "spf=fail reason=dmarc=pass"],
  );
  equal(read("spf=pass smtp.mailfrom=example.org"), undefined);
  equal(read("(mx.example.net"), undefined);
  equal(read(""), undefined);
  const hostile = ["(", '"', '="\\"', "a=", "a .", "a / ", "a", ";", "a ", '=\\"'];
  for (const part of hostile) readResults(`x; ${part.repeat(30_000)}`);
});

Deno.test("nothing that a sender writes gets out of its place in the field", () => {
  const text = fc.string({ unit: "binary", maxLength: 400 });
  fc.assert(fc.property(text, text, text, (domain, reason, selector) => {
    const evil = { ...signature, result: "fail" as const, domain, reason, selector };
    const field = resultsField({ dkim: [evil], spf: { ...all.spf!, domain, reason } }, ID);
    match(field, /^Authentication-Results: mx\.example\.net;(\r\n\t[\t!-~][ -~]{0,990})*\r\n$/);
    const [, value = ""] = /^[^:]*:([^]*)$/.exec(field) ?? [];
    deepEqual(readResults(value)?.results.map(({ method, result }) => [method, result]), [
      ["spf", "fail"],
      ["dkim", "fail"],
    ]);
  }));
});

/** What is left of a message with this header, sent in pieces of so many octets. */
async function leftOf(header: string, piece: number, id: string = ID): Promise<string> {
  const octets = Buffer.from(header);
  async function* body() {
    for (let at = 0; at < octets.length; at += piece) yield octets.subarray(at, at + piece);
  }
  const left: Uint8Array[] = [];
  for await (const chunk of withoutForgeries(body(), id)) left.push(Buffer.from(chunk));
  return Buffer.concat(left).toString();
}

const GAP = " ".repeat(2000);
const SAYS = "dmarc=pass header.from=bank.example";

/** Values by which somebody could speak in the name of this server. */
const FORGED: readonly string[] = [
  ` ${ID}; ${SAYS}`,
  `${ID};${SAYS}`,
  ` MX.Example.NET; ${SAYS}`,
  ` ${ID} 1; ${SAYS}`,
  ` ${ID}\t99 ;${SAYS}`,
  ` "${ID}"; ${SAYS}`,
  ` "mx.exam\\ple.net"; ${SAYS}`,
  ` (c) ${ID}; ${SAYS}`,
  ` ((a (b)) \\)) ${ID} (v) 1 (w); ${SAYS}`,
  ` mx(c).example.net; ${SAYS}`,
  ` mx . example . net; ${SAYS}`,
  ` "mx".example.net; ${SAYS}`,
  `\r\n ${ID};\r\n\t${SAYS}`,
  `\r\n \r\n\t${ID}\r\n 1;\r\n\t${SAYS}`,
  ` ${ID}.; ${SAYS}`,
  ` ${ID}/1; ${SAYS}`,
  ` ${ID}: ${SAYS}`,
  ` ${ID} ${SAYS}`,
  ` ${ID}`,
  ` i=1; ${ID}; ${SAYS}`,
  ` ;${ID}; ${SAYS}`,
  ` <${ID}>; ${SAYS}`,
  ` =?utf-8?q?mx=2Eexample=2Enet?=; ${SAYS}`,
  ` =?utf-8?B?bXguZXhhbXBsZS5uZXQ=?=; ${SAYS}`,
  ` ("${ID}; ${SAYS}`,
  ` "${ID}; ${SAYS}`,
  `${GAP}${ID}; ${SAYS}`,
  ` (${"c".repeat(2000)}) ${ID}; ${SAYS}`,
  `\r\n${" \r\n".repeat(2000)} ${ID}; ${SAYS}`,
  ` ${ID}${GAP}; ${SAYS}`,
  ` ${ID}; ${"x".repeat(100_000)}`,
  ` ${ID};${`\r\n\t${SAYS};`.repeat(3000)}`,
];

for (const [i, value] of FORGED.entries()) {
  Deno.test(`a field that speaks for this server goes: ${i + 1} ${JSON.stringify(value).slice(0, 50)}`, async () => {
    for (const name of ["Authentication-Results", "AUTHENTICATION-results \t"]) {
      for (const piece of value.length > 3000 ? [997, 1 << 20] : [1, 2, 7, 1 << 20]) {
        const message = `A: 1\r\n${name}:${value}\r\nB: 2\r\n 3\r\n\r\n${name}:${value}\r\n`;
        equal(await leftOf(message, piece), `A: 1\r\nB: 2\r\n 3\r\n\r\n${name}:${value}\r\n`);
      }
    }
  });
}

/** Values of others. */
const FOREIGN: readonly string[] = [
  ` mx.example.org; ${SAYS}`,
  ` xmx.example.net; ${SAYS}`,
  ` mx.example.net.evil.example; ${SAYS}`,
  ` mx.example.org; ${SAYS}; ${ID}; ${SAYS}`,
  ` mx.example.org (${ID}); ${SAYS}`,
  ` mx.example.org; spf=pass reason="${ID};"`,
  ` mx.example.org; spf=pass (${"c".repeat(2000)}`,
  ` mx.example.org; spf=pass "${"c".repeat(2000)}`,
  " spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=example.org; dkim=none",
  "",
];

for (const value of FOREIGN) {
  Deno.test(`a field of another server stays: ${JSON.stringify(value).slice(0, 60)}`, async () => {
    const message = `A: 1\r\nAuthentication-Results:${value}\r\nB: 2\r\n\r\nx\r\n`;
    for (const piece of [1, 7, 1 << 20]) equal(await leftOf(message, piece), message);
  });
}

Deno.test("a field that speaks for this server goes in each spelling of an internationalized name", async () => {
  for (
    const written of [
      "mx.b\u00fccher.example",
      "MX.xn--bcher-kva.example",
      "mx.B\u00dcCHER.example",
    ]
  ) {
    const message = `Authentication-Results: ${written}; ${SAYS}\r\nA: 1\r\n\r\n`;
    equal(await leftOf(message, 5, "mx.xn--bcher-kva.example"), "A: 1\r\n\r\n");
  }
});

Deno.test("a field that ends with the message goes, too", async () => {
  equal(await leftOf(`A: 1\r\nAuthentication-Results: ${ID}; x=y`, 3), "A: 1\r\n");
  const foreign = "A: 1\r\nAuthentication-Results: mx.example.org";
  equal(await leftOf(foreign, 3), foreign);
});
