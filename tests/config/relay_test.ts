import assert from "node:assert/strict";
import { chmodSync } from "node:fs";
import { ConfigError, parseConfig } from "../../src/config/mod.ts";
import { printServer } from "../../src/relay/server.ts";
import type { SmtpRelay } from "../../src/config/relay.ts";
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
    [{ via: joe }, /`user` and `password-file` go together/],
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
