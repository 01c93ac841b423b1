/**
 * `postmaster examine` against a real nsd.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Examined } from "../../src/cli/examine/examine.ts";
import { RFC8463, RFC8463_KEYS } from "../authenticity/vectors.ts";
import { need } from "../need.ts";
import { Nsd } from "../nsd.ts";
import { Directory, feed, postmaster } from "../running.ts";

const KEYS = Object.entries(RFC8463_KEYS).map(([name, record]) =>
  `${name}. TXT ${record.match(/.{1,200}/g)!.map((part) => `"${part}"`).join(" ")}`
);

const ZONES = {
  "football.example.com": [
    '@ TXT "v=spf1 include:_spf.football.example.com -all"',
    '_spf TXT "v=spf1 ip4:192.0.2.0/28 -all"',
    '_dmarc TXT "v=DMARC1; p=reject; rua=mailto:reports@football.example.com"',
    ...KEYS,
  ].join("\n"),
  "mx.example.org": '@ TXT "v=spf1 a -all"\n@ A 192.0.2.9',
};

/** What servers on the way have written on top of the message, the last one first. */
const TRACE = `Return-Path: <joe@football.example.com>
Received: from localhost (localhost [127.0.0.1]) by store.example.net with LMTP; Sun, 1 Nov 2026 06:00:00 +0000
Authentication-Results: mx.example.net; spf=neutral
Authentication-Results: other.example; spf=fail
Received: from mx.example.org (unknown [192.0.2.9])
	by mx.example.net (Postfix) with ESMTPS id 1; Sun, 1 Nov 2026 05:59:59 +0000
`;

/** A message in a file, as mailboxes have it. */
const FILE = TRACE + RFC8463.replaceAll("\r\n", "\n");

Deno.test({
  name: "examine says who sent a message, how that is known, and what the DNS said",
  ...need("nsd"),
  fn: async (t) => {
    await using nsd = await Nsd.start(ZONES);
    using directory = new Directory();
    directory.write("postmaster.yaml", {
      ...{ hostname: "mx.example.net", domains: ["example.net"], users: ["you"] },
      ...{ "state-directory": directory.of("state"), dns: { servers: [nsd.address] } },
    });
    const examine = (file: string, ...flags: readonly string[]) =>
      postmaster("examine", "-c", directory.of("postmaster.yaml"), file, ...flags);
    const facts = async (text: string, ...flags: readonly string[]): Promise<Examined> => {
      const { code, stdout, stderr } = await examine(
        directory.write("message.eml", text),
        "--json",
        ...flags,
      );
      assert.deepEqual([code, stderr], [0, ""]);
      return JSON.parse(stdout);
    };
    const outside = ["--ip", "192.0.2.9", "--helo", "mx.example.org"];

    await t.step("as JSON, with the envelope of the header", async () => {
      const { envelope, verdicts, earlier, results, lookups, octets } = await facts(
        FILE,
        ...outside,
      );
      assert.deepEqual(envelope, {
        from: { value: "joe@football.example.com", by: "Return-Path" },
        ip: { value: "192.0.2.9", by: "the command line" },
        helo: { value: "mx.example.org", by: "the command line" },
      });
      const { spf, helo, dkim = [], arc, dmarc } = verdicts;
      assert.deepEqual([spf?.result, spf?.lookups, helo?.result, helo?.lookups], [
        ...["pass", 1],
        ...["pass", 1],
      ]);
      assert.deepEqual(dkim.map(({ result, selector }) => [selector, result]), [
        ["brisbane", "pass"],
        ["test", "pass"],
      ]);
      assert.equal(arc?.result, "none");
      assert.deepEqual([dmarc?.result, dmarc?.policy, dmarc?.aligned], [
        ...["pass", "reject"],
        { spf: true, dkim: true },
      ]);
      assert.equal(
        (dmarc?.record as unknown as Record<string, string>)["rua"],
        "mailto:reports@football.example.com",
      );
      assert.deepEqual(earlier, ["mx.example.net; spf=neutral"]);
      assert.match(
        results,
        /^mx\.example\.net; spf=pass smtp\.mailfrom=\S+; spf=pass smtp\.helo=mx\.example\.org; /,
      );
      assert.match(
        results,
        /; dmarc=pass policy\.dmarc=reject header\.from=football\.example\.com$/,
      );
      assert.equal(octets, FILE.replaceAll("\n", "\r\n").length);
      const asked = lookups.map(({ name, type }) => `${name} ${type}`);
      for (
        const one of [
          "football.example.com TXT",
          "_spf.football.example.com TXT",
          "brisbane._domainkey.football.example.com TXT",
          "_dmarc.football.example.com TXT",
          "mx.example.org A",
        ]
      ) {
        assert.ok(asked.includes(one), `${one} in ${asked}`);
      }
      assert.equal(new Set(asked).size, asked.length);
      assert.ok(lookups.every(({ milliseconds }) => milliseconds > 0));
    });
    await t.step(
      "line ends, and the line in front of a message of an mbox, do not matter",
      async () => {
        const expected = (await facts(FILE)).verdicts;
        for (
          const text of [
            FILE.replaceAll("\n", "\r\n"),
            `From joe@football.example.com Sun Nov  1 06:00:00 2026\n${FILE}`,
            `From joe@football.example.com Sun Nov  1 06:00:00 2026\r\n${FILE}`,
          ]
        ) {
          assert.deepEqual((await facts(text)).verdicts, expected);
        }
      },
    );
    await t.step("what is forged, and what the command line says", async () => {
      const forged = FILE.replace("hungry", "angry");
      const flags = ["--from", "<>", "--ip", "198.51.100.1", "--helo", "football.example.com"];
      const { envelope, verdicts } = await facts(forged, ...flags);
      assert.deepEqual(envelope.from, { value: null, by: "the command line" });
      const { spf, helo, dkim = [], dmarc } = verdicts;
      assert.deepEqual([spf?.identity, spf?.result, helo], ["helo", "fail", undefined]);
      assert.deepEqual(dkim.map(({ result }) => result), ["fail", "fail"]);
      assert.match(dkim[0]?.reason ?? "", /body/);
      assert.deepEqual([dmarc?.result, dmarc?.policy], ["fail", "reject"]);
    });
    await t.step("in lines for people, from the standard input", async () => {
      const { code, stdout } = await feed(
        FILE,
        ...["examine", "-c", directory.of("postmaster.yaml"), "-", ...outside],
      );
      assert.equal(code, 0);
      for (
        const line of [
          /^sender: joe@football\.example\.com \(by Return-Path\)$/m,
          /^client: 192\.0\.2\.9 \(by the command line\)$/m,
          /^SPF of the sender: pass: football\.example\.com, .*; terms with lookups: 1 of 10$/m,
          /^DKIM: pass: football\.example\.com; key test \(rsa-sha256, 1024 bits\)$/m,
          /^DMARC: pass: football\.example\.com by SPF and DKIM$/m,
          /^ {2}policy: reject, by the record of football\.example\.com: v=DMARC1; p=reject; rua=/m,
          /^when it came: mx\.example\.net; spf=neutral$/m,
          /^ {2}mx\.example\.org A: 192\.0\.2\.9 \([\d.]+ ms\)$/m,
        ]
      ) {
        assert.match(stdout, line);
      }
    });
    await t.step("a file that is not there", async () => {
      const { code, stderr } = await examine("/nowhere.eml");
      assert.equal(code, 1);
      assert.match(stderr, /\/nowhere\.eml/);
    });
  },
});
