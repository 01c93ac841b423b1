/**
 * SPF with the program from outside: a real DNS, and clients from anywhere, for whom a trusted server speaks.
 *
 * @module
 */
import assert from "node:assert/strict";
import { need } from "../need.ts";
import { Nsd } from "../nsd.ts";
import { type Directory, Running, until } from "../running.ts";

const terms = (count: number, term: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => term(i)).join(" ");

/** A record, in strings that are short enough. */
const spf = (name: string, record: string): string =>
  `${name} TXT ${`v=spf1 ${record}`.match(/.{1,200}/g)!.map((part) => `"${part}"`).join(" ")}`;

const ZONE = [
  spf("@", "ip4:192.0.2.7 ip6:2001:db8::/32 -all"),
  spf("told", "-all exp=why.example.org"),
  'why TXT "%{i} is no server of %{d}"',
  spf("soft", "~all"),
  spf("wrong", "nonsense:a -all"),
  `two TXT "v=spf1 -all"\ntwo TXT "v=spf1 +all"`,
  ...Array.from({ length: 11 }, (_, i) => spf(`i${i}`, "?all")),
  spf("ten", `${terms(10, (i) => `include:i${i}.example.org`)} -all`),
  spf("eleven", `${terms(11, (i) => `include:i${i}.example.org`)} -all`),
  spf("voids2", `${terms(2, (i) => `a:no${i}.example.org`)} -all`),
  spf("voids3", `${terms(3, (i) => `a:no${i}.example.org`)} -all`),
  spf("mx", "mx -all"),
  ...Array.from({ length: 11 }, (_, i) => `mx MX ${i} host${i}\nhost${i} A 198.51.100.${i}`),
  spf("loop", "include:loop.example.org -all"),
  spf("sick", "include:absent.example -all"),
].join("\n");

/** The reply to MAIL of a client. */
async function mailFrom(
  server: Running,
  sender: string,
  address = "192.0.2.7",
  helo = "client.example",
): Promise<string> {
  using client = await server.connect();
  await client.command("EHLO trusted.example");
  const ip = address.includes(":") ? `IPV6:${address}` : address;
  assert.equal((await client.command(`XCLIENT ADDR=${ip}`)).code, 220);
  await client.command(`EHLO ${helo}`);
  const utf8 = /[^ -~]/.test(sender) ? " SMTPUTF8" : "";
  const { code, enhanced, lines } = await client.command(`MAIL FROM:<${sender}>${utf8}`);
  return `${code} ${enhanced} ${lines.join(" ")}`;
}

const serve = (nsd: Nsd, options: Readonly<Record<string, unknown>>) =>
  Running.start((directory: Directory) => ({
    listen: [
      { address: "127.0.0.1:0", xclient: ["127.0.0.1"] },
      `unix:${directory.of("socket")}`,
    ],
    dns: { servers: [nsd.address] },
    handlers: [{ spf: options }],
  }));

Deno.test({
  name:
    "SPF refuses by configuration what domains do not stand for, and never by the fault of the DNS",
  ...need("nsd"),
  fn: async (t) => {
    await using nsd = await Nsd.start({
      "example.org": ZONE,
      "client.example": "",
      "xn--bcher-kva.example": spf("@", "ip4:192.0.2.7 -all"),
    });
    await using strict = await serve(nsd, { refuse: ["fail", "permerror"], "in-doubt": "defer" });

    await t.step("senders", async () => {
      for (
        const [sender, address, expected] of [
          ["joe@example.org", "192.0.2.7", /^250 /],
          ["joe@example.org", "2001:db8::25", /^250 /],
          ["joe@example.org", "192.0.2.8", /^550 5\.7\.23 /],
          ["joe@example.org", "2001:db9::25", /^550 5\.7\.23 /],
          [
            "joe@told.example.org",
            "192.0.2.8",
            /^550 5\.7\.23 .* says: 192\.0\.2\.8 is no server of told\.example\.org$/,
          ],
          ["joe@soft.example.org", "192.0.2.7", /^250 /],
          ["joe@none.example.org", "192.0.2.7", /^250 /],
          ["joe@wrong.example.org", "192.0.2.7", /^550 5\.7\.24 .*wrong\.example\.org/],
          ["joe@two.example.org", "192.0.2.7", /^550 5\.7\.24 /],
          ["joe@ten.example.org", "192.0.2.7", /^550 5\.7\.23 /],
          ["joe@eleven.example.org", "192.0.2.7", /^550 5\.7\.24 /],
          ["joe@voids2.example.org", "192.0.2.7", /^550 5\.7\.23 /],
          ["joe@voids3.example.org", "192.0.2.7", /^550 5\.7\.24 /],
          ["joe@mx.example.org", "192.0.2.7", /^550 5\.7\.24 /],
          ["joe@loop.example.org", "192.0.2.7", /^550 5\.7\.24 /],
          ["joe@bücher.example", "192.0.2.7", /^250 /],
          ["joe@bücher.example", "192.0.2.8", /^550 5\.7\.23 /],
        ] as const
      ) {
        assert.match(await mailFrom(strict, sender, address), expected, `${sender} ${address}`);
      }
    });
    await t.step("the name in HELO, also for the null path", async () => {
      assert.match(
        await mailFrom(strict, "joe@none.example.org", "192.0.2.8", "example.org"),
        /^550 5\.7\.23 /,
      );
      assert.match(await mailFrom(strict, "", "192.0.2.8", "example.org"), /^550 5\.7\.23 /);
      assert.match(await mailFrom(strict, "", "192.0.2.7", "example.org"), /^250 /);
    });
    await t.step("what the DNS refuses to answer is deferred, as configured", async () => {
      assert.match(await mailFrom(strict, "joe@sick.example.org"), /^451 4\.4\.3 /);
      assert.match(await mailFrom(strict, "joe@absent.example"), /^451 4\.4\.3 /);
    });
    await t.step("a client of a Unix socket is not checked", async () => {
      using client = await strict.connect(strict.addresses[1]);
      await client.command("EHLO example.org");
      assert.equal((await client.command("MAIL FROM:<joe@two.example.org>")).code, 250);
    });
    await t.step("by itself it refuses nothing, and says what it has found", async () => {
      await using server = await serve(nsd, {});
      for (const sender of ["joe@example.org", "joe@two.example.org", "joe@sick.example.org"]) {
        assert.match(await mailFrom(server, sender, "192.0.2.8"), /^250 /, sender);
      }
      using client = await server.connect();
      await client.command("EHLO trusted.example");
      await client.command("XCLIENT ADDR=192.0.2.8");
      await client.command("EHLO example.org");
      await client.command("MAIL FROM:<joe@soft.example.org>");
      await client.command("RCPT TO:<you@example.net>");
      await client.command("DATA");
      const { code } = await client.command(
        "Authentication-Results: mx.example.net; spf=pass\r\nSubject: hello\r\n\r\nhello\r\n.",
      );
      assert.equal(code, 250);
      const mail = await until("it arrives", () => server.directory.read("mail") || undefined);
      assert.match(
        mail.replace(/\s+/g, " "),
        / Authentication-Results: mx\.example\.net; spf=softfail [^;]* smtp\.mailfrom=soft\.example\.org; spf=fail [^;]* smtp\.helo=example\.org Received: /,
      );
      assert.equal(mail.match(/^Authentication-Results:/gm)?.length, 1);
      assert.doesNotMatch(mail, /spf=pass/);
    });
  },
});
