/**
 * Breaches of the protocol that are tolerated.
 *
 * @module
 */
import assert from "node:assert/strict";
import { chain, Network, on } from "postmaster";
import { Client } from "postmaster/testing";
import { type ConfigError, parseConfig } from "../../src/config/mod.ts";
import { Running } from "../running.ts";
import { LOOK_ALIKES } from "../smtp/look_alikes.ts";
import { onlyJoe } from "./policy.ts";

const PRINTERS = [Network.parse("10.1.0.0/16"), Network.parse("2001:db8::/32")];
const from = (address: string) => ({ peer: { address, port: 1234 } });

const BREACHES = [
  ["underscores", "MAIL FROM:<ann@b_c.example>", "ann@b_c.example"],
  ["trailingDots", "MAIL FROM:<ann@example.org.>", "ann@example.org"],
  ["missingBrackets", "MAIL FROM:ann@example.org SIZE=10", "ann@example.org"],
] as const;

for (const [breach, line, address] of BREACHES) {
  Deno.test(`${line} is taken from whom it is tolerated, and is ${address} for handlers`, async () => {
    const seen: unknown[] = [];
    const policy = chain(
      on("SetMailFrom", ({ mailbox }, next) => {
        seen.push(String(mailbox));
        return next();
      }),
      onlyJoe,
    );
    const tries = [
      [from("10.1.2.3"), PRINTERS, 250],
      [from("2001:db8::1"), PRINTERS, 250],
      [from("10.2.0.1"), PRINTERS, 501],
      [from("unix"), PRINTERS, 501],
      [from("unix"), "everyone", 250],
      [from("10.1.2.3"), undefined, 501],
    ] as const;
    for (const [peer, clients, code] of tries) {
      using client = Client.of(policy, { ...peer, tolerated: { [breach]: clients } });
      await client.reply();
      await client.command("EHLO c.example");
      assert.equal((await client.command(line)).code, code);
    }
    assert.deepEqual(seen, [address, address, address]);
  });
}

Deno.test("a recipient may lack what a sender may, and is found by its mailbox", async () => {
  const tolerated = { trailingDots: "everyone", missingBrackets: "everyone" } as const;
  using client = Client.of(onlyJoe, { tolerated });
  await client.reply();
  await client.command("HELO c.example");
  await client.command("MAIL FROM:<>");
  assert.equal((await client.command("RCPT TO:joe@example.net.")).code, 250);
  assert.equal((await client.command("RCPT TO:nobody@example.net.")).code, 550);
  await client.command("DATA");
  assert.equal((await client.command("x\r\n.")).code, 250);
  assert.deepEqual(client.kept[0]?.recipients.map(String), ["joe@example.net"]);
});

const LF_SESSION = "EHLO c.example\nMAIL FROM:<a@example.org>\nRCPT TO:<joe@example.net>\nDATA\n";

Deno.test("tolerated LFs end commands and lines, which are delivered with CRLF", async () => {
  using client = Client.of(onlyJoe, {
    ...from("10.1.2.3"),
    tolerated: { bareLineFeeds: PRINTERS },
  });
  await client.reply();
  client.send(LF_SESSION);
  for (const code of [250, 250, 250, 354]) assert.equal((await client.reply()).code, code);
  client.send("Subject: x\n\nhello\n..dot\n\r\n.\r\nQUIT\n");
  assert.equal((await client.reply()).code, 250);
  assert.equal((await client.reply()).code, 221);
  assert.match(
    client.kept[0]!.message,
    /\r\nSubject: x\r\n\r\nhello\r\n\.dot\r\n\r\n$/,
  );
});

for (const fake of LOOK_ALIKES) {
  Deno.test(`a message does not end at ${JSON.stringify(fake)}, though LF is tolerated`, async () => {
    using client = Client.of(onlyJoe, { tolerated: { bareLineFeeds: "everyone" } });
    await client.reply();
    client.send(LF_SESSION);
    for (const code of [250, 250, 250, 354]) assert.equal((await client.reply()).code, code);
    client.send(`Subject: x\n\ntext${fake}${LF_SESSION}evil\r\n.\r\nNOOP one\r\nVRFY two\n`);
    const whole = /\r(?!\n)|\0/.test(fake) ? 554 : 250;
    for (const code of [whole, 250, 252]) assert.equal((await client.reply()).code, code);
    assert.equal(client.kept.length, whole === 250 ? 1 : 0);
    assert.doesNotMatch(client.kept[0]?.message ?? "", /(?<!\r)\n/);
  });
}

Deno.test("a configuration says what is tolerated, and of whom", async () => {
  await using server = await Running.start(() => ({
    domains: ["example.net", "print_hall.example"],
    tolerate: {
      underscores: "127.0.0.0/8",
      "trailing-dots": ["192.0.2.0/24", "2001:db8::/32"],
      "missing-brackets": ["192.0.2.0/24", "127.0.0.1"],
      "bare-line-feeds": "everyone",
    },
  }));
  using client = await server.connect();
  client.send("EHLO c.example\nMAIL FROM:printer@b_c.example\nRCPT TO:<you@example.net.>\n");
  for (const code of [250, 250, 501]) assert.equal((await client.reply()).code, code);
  client.send("RCPT TO:you@print_hall.example\nDATA\n");
  for (const code of [250, 354]) assert.equal((await client.reply()).code, code);
  client.send("Subject: page\n\none\n.\ntwo\r\n.\r\n");
  assert.equal((await client.reply()).code, 250);
  const mail = server.directory.read("mail");
  assert.match(mail, /^Return-Path: <printer@b_c\.example>\n/);
  assert.match(mail, /\nSubject: page\n\none\n\.\ntwo\n$/);
});

const MISTAKES: readonly [unknown, RegExp][] = [
  [
    { underscores: "everbody" },
    /^`tolerate\.underscores`: `everbody` is no network: write one such as .*; or write `everyone`$/,
  ],
  [
    { underscores: ["10.0.0.1/8"] },
    /^`tolerate\.underscores\[0\]`: `10\.0\.0\.1\/8` is an address within a network/,
  ],
  [{ underscores: [] }, /^`tolerate\.underscores`: must be a list with 1 item or more/],
  [{ underscores: true }, /^`tolerate\.underscores`: `true` is no network/],
  [{ "bare-linefeeds": "everyone" }, /did you mean `bare-line-feeds`\?/],
];

for (const [tolerate, message] of MISTAKES) {
  Deno.test(`a configuration is not taken with tolerate: ${JSON.stringify(tolerate)}`, () => {
    assert.throws(
      () =>
        parseConfig(JSON.stringify({ hostname: "mx.example.net", tolerate }), "/nowhere/p.yaml"),
      (error: ConfigError) => {
        assert.equal(error.problems.length, 1);
        assert.match(error.problems[0]!.message, message);
        return true;
      },
    );
  });
}
