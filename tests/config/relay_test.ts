import assert from "node:assert/strict";
import { chmodSync } from "node:fs";
import { ConfigError, parseConfig } from "../../src/config/mod.ts";
import { printServer } from "../../src/relay/server.ts";
import type { SmtpRelay } from "../../src/config/relay.ts";
import { routingOf } from "../../src/relay/routing_of.ts";
import { Mailbox } from "../../src/smtp/mailbox.ts";
import { FakeDns } from "../../src/testing/fake_dns.ts";
import { Directory } from "../running.ts";

const MAIN = { hostname: "mx.example.org", postmaster: "joe", users: ["joe"] };

/** What a configuration says of the relay. */
function relayOf(directory: Directory, relay: unknown): SmtpRelay {
  const file = directory.write("postmaster.yaml", { ...MAIN, relay });
  return parseConfig(Deno.readTextFileSync(file), file).relay as SmtpRelay;
}

Deno.test("mail goes to exchangers with the safe defaults", () => {
  using directory = new Directory();
  const relay = relayOf(directory, { mx: {} });
  assert.equal(relay.mx?.port, 25);
  assert.equal(relay.tls.get("example.net"), "auto");
  assert.deepEqual(relay.allow, []);
  assert.equal(relay.literals, true);
  assert.equal(relay.timeouts.dataTermination, 600_000);
  assert.equal(relay.sourceAddress, undefined);
});

Deno.test("values by destination: the domain itself, then the nearest above, then the default", () => {
  using directory = new Directory();
  const { tls, sourceAddress } = relayOf(directory, {
    mx: { port: 2525 },
    tls: { "Bank.example": "verify", ".example": "encrypt", ".b.example": "none" },
    "source-address": { default: ["192.0.2.25", "2001:DB8::25"], "bank.example": "192.0.2.26" },
  });
  assert.equal(tls.get("bank.example."), "verify");
  assert.equal(tls.get("a.bank.example"), "encrypt");
  assert.equal(tls.get("a.b.example"), "none");
  assert.equal(tls.get("b.example"), "encrypt");
  assert.equal(tls.get("example"), "auto");
  assert.equal(tls.get("[192.0.2.1]"), "auto");
  assert.deepEqual(sourceAddress?.get("x.org"), ["192.0.2.25", "2001:db8::25"]);
  assert.deepEqual(sourceAddress?.get("bank.example"), ["192.0.2.26"]);
});

Deno.test("servers are a URL, a mapping or a list of them", async () => {
  using directory = new Directory();
  chmodSync(directory.write("secret", "correct horse\n"), 0o640);
  const { via = [] } = relayOf(directory, {
    via: [
      { url: "smtps://SMTP.example.com", user: "joe@example.net", "password-file": "secret" },
      "smtp://[2001:db8::1]:587",
      "lmtp://127.0.0.1",
      { url: "unix:/run/lmtp", priority: 1, weight: 3 },
    ],
  });
  assert.deepEqual(via.map(printServer), [
    "smtps://joe@example.net@smtp.example.com:465 tls=verify",
    "smtp://[2001:db8::1]:587",
    "lmtp://127.0.0.1:24",
    "lmtp:unix:/run/lmtp tls=none",
  ]);
  assert.deepEqual(await via[0]!.hop.login!.credentials(), { password: "correct horse" });
  directory.write("secret", "battery staple\n");
  assert.deepEqual(await via[0]!.hop.login!.credentials(), { password: "battery staple" });
});

Deno.test("mistakes are found before the start, each at its place", () => {
  using directory = new Directory();
  chmodSync(directory.write("secret", "correct horse\n"), 0o640);
  chmodSync(directory.write("open", "correct horse\n"), 0o644);
  chmodSync(directory.write("empty", "\n"), 0o600);
  directory.write("text.pem", "no certificate");
  const joe = { url: "smtps://smtp.example.com", user: "joe" };
  const oauth = { "token-url": "https://login.example.net/token", "client-id": "mail" };
  const mistakes: readonly [unknown, RegExp][] = [
    [{}, /one of `mx`, `via` and `command`/],
    [{ mx: {}, via: "smtp://a.example" }, /one of `mx`, `via` and `command`/],
    [{ mx: {}, command: ["true"] }, /unknown key `mx`/],
    [{ mx: { port: 0 } }, /1 or more/],
    [{ via: "smtp://" }, /`smtp:\/\/` is no server/],
    [{ via: "http://a.example" }, /is no server: write one such as smtp/],
    [{ via: "smtp://a.example:70000" }, /is no server/],
    [{ via: "smtp://127.1" }, /is no server/],
    [{ via: "lmtp:unix:lmtp" }, /needs the full path/],
    [{ via: "smtp://joe:secret@a.example" }, /write `user` beside it/],
    [{ via: [] }, /a list with 1 item or more/],
    [{ via: joe }, /`user` needs one of `password-file` and `oauth`/],
    [
      { via: { ...joe, oauth: { ...oauth, "client-secret-file": "secret" } } },
      /relay\.via\.oauth`: one of `refresh-token-file` and `grant: client-credentials`/,
    ],
    [
      { via: { ...joe, oauth: { ...oauth, grant: "client-credentials" } } },
      /`grant: client-credentials` needs `client-secret-file`/,
    ],
    [
      {
        via: {
          ...joe,
          oauth: { ...oauth, "token-url": "http://a.example", "refresh-token-file": "secret" },
        },
      },
      /others could read what is sent to http:\/\/a\.example/,
    ],
    [{ via: { ...joe, "password-file": "none" } }, /`relay.*password-file`: there is no file/],
    [
      { via: [{ ...joe, "password-file": "open" }] },
      /every user of this machine can use .*chmod o=/,
    ],
    [{ via: { ...joe, "password-file": "empty" } }, /must hold a password in one line/],
    [{ mx: {}, ca: "none.pem" }, /`relay\.ca`: there is no file/],
    [{ mx: {}, ca: "text.pem" }, /`relay\.ca`: .*has no certificate in PEM/],
    [{ mx: {}, tls: "strict" }, /`auto`, `none`/],
    [{ mx: {}, tls: { "exa mple": "may" } }, /`exa mple` is no domain/],
    [{ mx: {}, allow: ["10.0.0.1/8"] }, /write 10\.0\.0\.0\/8/],
    [{ mx: {}, "source-address": "eth0" }, /`eth0` is no address/],
    [{ mx: {}, concurrency: 3 }, /unknown key `concurrency`/],
  ];
  for (const [relay, wanted] of mistakes) {
    assert.throws(() => relayOf(directory, relay), (error) => {
      assert.ok(error instanceof ConfigError);
      const said = error.problems.map(({ message }) => message).join("\n");
      assert.ok(!said.includes("secret@"), "no secret is shown");
      assert.match(said, wanted, JSON.stringify(relay));
      return true;
    });
  }
});

/** The servers that the mail of a sender for a domain goes by. */
async function by(relay: SmtpRelay, domain: string, sender?: string): Promise<string> {
  const dns = new FakeDns({ "*.example": { A: ["192.0.2.1"] } });
  const from = sender === undefined ? null : Mailbox.parse(sender);
  const way = await routingOf(relay, { dns, names: [] }).wayTo(domain, from, {});
  return "hops" in way ? way.hops.map((hop) => printServer({ hop })).join(" ") : way.outcome.reason;
}

Deno.test("mail goes its own way by the recipient's domain, then by its sender, then as all mail", async () => {
  using directory = new Directory();
  const relay = relayOf(directory, {
    via: "smtp://usual.example",
    routes: {
      "A.example": ["smtp://one.example", "smtp://two.example:587"],
      ".a.example": "mx",
      "b.example": { url: "lmtp://b.example:24", tls: "none" },
    },
    "by-sender": {
      "Joe@example.org": "smtp://joe.example",
      "@example.org": "smtp://org.example",
      "example.com": "mx",
    },
  });
  const ways: readonly [string, string | undefined, string][] = [
    ["a.example", undefined, "smtp://one.example:25 smtp://two.example:587"],
    ["a.example", "joe@example.org", "smtp://one.example:25 smtp://two.example:587"],
    ["x.a.example", undefined, "smtp://x.a.example:25"],
    ["b.example", undefined, "lmtp://b.example:24 tls=none"],
    ["c.example", undefined, "smtp://usual.example:25"],
    ["c.example", "joe@EXAMPLE.org", "smtp://joe.example:25"],
    ["c.example", "jane@example.org", "smtp://org.example:25"],
    ["c.example", "jane@example.com", "smtp://c.example:25"],
    ["c.example", "jane@sub.example.org", "smtp://usual.example:25"],
  ];
  for (const [domain, sender, wanted] of ways) {
    assert.equal(await by(relay, domain, sender), wanted, `${domain} from ${sender}`);
  }
  const { destinationOf } = bound(relay);
  assert.equal(destinationOf("x.a.example"), "x.a.example");
  assert.equal(destinationOf("a.example"), "smtp://one.example:25 smtp://two.example:587");
  // the ways of two senders are others, so the recipients of one message may share this destination only among themselves
  assert.equal(destinationOf("c.example"), "smtp://usual.example:25 or by sender");
});

const bound = (relay: SmtpRelay) => {
  const routing = routingOf(relay, { dns: new FakeDns(), names: [] });
  return { destinationOf: (domain: string) => routing.destinationOf(domain, {}) };
};

Deno.test("a table may be a file, which is read again when it changes", async () => {
  using directory = new Directory();
  chmodSync(directory.write("secret", "correct horse\n"), 0o640);
  directory.write(
    "routes.txt",
    "# ours\n" +
      "a.example  smtp://one.example priority=1, smtp://two.example:587 user=joe password-file=secret # both\n" +
      "\n.b.example\tmx\n",
  );
  const relay = relayOf(directory, { via: "smtp://usual.example", routes: { file: "routes.txt" } });
  assert.equal(
    await by(relay, "a.example"),
    "smtp://joe@two.example:587 tls=verify smtp://one.example:25",
  );
  assert.equal(await by(relay, "x.b.example"), "smtp://x.b.example:25");
  assert.equal(await by(relay, "b.example"), "smtp://usual.example:25");
  directory.write("routes.txt", "b.example smtp://new.example\n");
  assert.equal(await by(relay, "b.example"), "smtp://new.example:25");
  assert.equal(await by(relay, "a.example"), "smtp://usual.example:25");
  directory.write("routes.txt", "b.example what\n");
  assert.equal(await by(relay, "b.example"), "smtp://new.example:25");
  assert.match(relay.routes?.trouble ?? "", /routes\.txt:1:11: `what` is no server/);
});

Deno.test("check says what is doubtful", () => {
  using directory = new Directory();
  chmodSync(directory.write("secret", "correct horse\n"), 0o640);
  const file = directory.write("postmaster.yaml", {
    ...{ ...MAIN, listen: "127.0.0.1:2525" },
    relay: {
      via: { url: "smtp://smtp.example", user: "joe", "password-file": "secret", tls: "may" },
      routes: { "example.net": ["smtp://127.0.0.1:2525", "smtp://127.0.0.1:2526"] },
      "source-address": ["198.51.100.1", "127.0.0.1", "0.0.0.0"],
    },
  });
  const { warnings } = parseConfig(Deno.readTextFileSync(file), file);
  assert.deepEqual(
    warnings.map(({ message }) => message).filter((one) =>
      /source-address|circles|password/.test(one)
    ),
    [
      "`relay.source-address`: this machine has no address 198.51.100.1 now: mail from it waits",
      "`relay.routes`: smtp://127.0.0.1:2525 is this server itself: its mail would go in circles",
      "`relay.via`: with `tls: may`, others may get the password for smtp://smtp.example:25: write verify",
    ],
  );
});

Deno.test("mistakes in a table are found at their places", () => {
  using directory = new Directory();
  const mistakes: readonly [string, RegExp][] = [
    ["a.example", /routes\.txt:1:1: a line must be `example\.net smtp:/],
    ["\na.example  what", /routes\.txt:2:12: `what` is no server/],
    ["a..example mx", /routes\.txt:1:1: `a\.\.example` is no domain/],
    ["a.example smtp://b wight=3", /routes\.txt:1:11: `wight` is nothing .* use .*`weight`/],
    ["a.example smtp://b weight=0", /`weight=0` needs a whole number, 1 or more/],
    ["a.example smtp://b tls=strict", /`tls=strict`: use .*`verify`/],
    ["a.example smtp://b user=joe", /`user` needs one of `password-file` and `oauth`/],
    ["a.example smtp://b user=joe password-file=none", /there is no file .*none/],
    ["a.example smtp://b,", /`` is no server/],
  ];
  for (const [content, wanted] of mistakes) {
    directory.write("routes.txt", `${content}\n`);
    assert.throws(() => relayOf(directory, { mx: {}, routes: { file: "routes.txt" } }), (error) => {
      assert.match(String(error), wanted, content);
      return true;
    });
  }
  assert.throws(() => relayOf(directory, { mx: {}, routes: { file: "none.txt" } }), /no file/);
  assert.throws(
    () => relayOf(directory, { mx: {}, routes: { "a@b.example": "mx" } }),
    /is no domain/,
  );
  assert.throws(() => relayOf(directory, { mx: {}, routes: { "b.example": "what" } }), /no server/);
  assert.throws(() => relayOf(directory, { mx: {}, "by-sender": { "@@": "mx" } }), /is no domain/);
});
