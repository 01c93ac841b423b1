/** The texts of MTA-STS (RFC 8461 section 3). */
import assert from "node:assert/strict";
import { idIn, parsePolicy } from "../../src/security/sts/parse.ts";

Deno.test("the record of MTA-STS has an id, and there is one record only", () => {
  const good = [
    "v=STSv1; id=20160831085700Z;",
    "v=STSv1;id=20160831085700Z",
    "v=STSv1 ;\tid=20160831085700Z ; ",
    "v=STSv1; other=x.y; id=20160831085700Z; id=2",
  ];
  for (const text of good) assert.equal(idIn([[text]]), "20160831085700Z", text);
  assert.equal(idIn([["v=STSv1; ", "id=1;"], ["v=spf1 -all"], ["v=STSv10; id=2"]]), "1");
  const bad = [
    ...[
      "v=STSv1",
      "v=STSv1;",
      "V=STSv1; id=1",
      " v=STSv1; id=1",
      "id=1; v=STSv1",
      "v=STSv1; id=1-2",
    ],
    ...["v=STSv1; id=", "v=STSv1; id 1", "v=STSv1;; id=1", `v=STSv1; id=${"1".repeat(33)}`],
    ...["v=STSv1; id=1; x", "v=STSv1; id=1; x=a=b", "v=STSv1; ID=1"],
  ];
  for (const text of bad) assert.equal(idIn([[text]]), undefined, text);
  assert.equal(idIn([["v=STSv1; id=1"], ["v=STSv1; id=1"]]), undefined);
  assert.equal(idIn([["v=STSv1; id=1"], ["v=STSv1; nonsense"]]), undefined);
  assert.equal(idIn([]), undefined);
});

const MX = "mx: mx.example.net\n";
const REST = `${MX}max_age: 86400\n`;

Deno.test("a policy has a version, a mode, exchangers and an age", () => {
  const text =
    "version: STSv1\r\nmode: enforce\r\nmx: mail.example.net\r\nmx:*.Example.net \r\nmax_age: 604800\r\n";
  assert.deepEqual(parsePolicy(text), {
    maxAge: 604_800,
    policy: {
      mode: "enforce",
      mx: ["mail.example.net", "*.example.net"],
      lines: [
        ...["version: STSv1", "mode: enforce", "mx: mail.example.net", "mx:*.Example.net"],
        "max_age: 604800",
      ],
    },
  });
});

Deno.test("what a policy has more is ignored, and so is the repetition of a field", () => {
  const text =
    `mode: testing\nmode: none\nfuture.field-2: für später\n${REST}max_age: 1\nversion: STSv1`;
  const { policy, maxAge } = parsePolicy(text);
  assert.deepEqual([policy.mode, policy.mx, maxAge], ["testing", ["mx.example.net"], 86_400]);
  assert.equal(parsePolicy("version: STSv1\nmode: none\nmax_age: 9999999999\n").maxAge, 31_557_600);
  assert.deepEqual(parsePolicy("version: STSv1\nmode: none\nmax_age: 0").policy.mx, []);
});

Deno.test("a policy that is not whole is none", () => {
  const bad = [
    "",
    "<html>",
    `mode: enforce\n${REST}`,
    `version: STSv2\nmode: enforce\n${REST}`,
    `version: STSv1\nversion: STSv2\nmode: strict\n${REST}`,
    `version: STSv1\n${REST}`,
    `version: STSv1\nmode: enforce\n${MX}`,
    `version: STSv1\nmode: enforce\nmax_age: 10\n`,
    `version: STSv1\nmode: enforce\n${MX}max_age: -1\n`,
    `version: STSv1\nmode: enforce\n${MX}max_age: 1e3\n`,
    `version: STSv1\nmode: enforce\n${MX}max_age: 12345678901\n`,
    `version: STSv1\nmode: enforce\nmx: .example.net\nmax_age: 10\n`,
    `version: STSv1\nmode: enforce\nmx: *.*.example.net\nmax_age: 10\n`,
    `version: STSv1\nmode: enforce\nmx: mx.*.example.net\nmax_age: 10\n`,
    `version: STSv1\nmode: enforce\nmx: mx..example.net\nmax_age: 10\n`,
    `version: STSv1\nmode: enforce\n${REST}nonsense\n`,
    `version: STSv1\nmode: enforce\n${REST}x: a\u0000b\n`,
    ` version: STSv1\nmode: enforce\n${REST}`,
  ];
  for (const text of bad) assert.throws(() => parsePolicy(text), TypeError, JSON.stringify(text));
});
