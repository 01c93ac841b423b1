/** The one switch for forwarding: what it stands for, and what keeps it from working. */
import { deepEqual, equal, match, notEqual } from "node:assert/strict";
import { statSync } from "node:fs";
import { type Config, parseConfig } from "../../src/config/mod.ts";
import { prepareForwarding } from "../../src/config/forwarding.ts";
import { Mailbox } from "../../src/smtp/mailbox.ts";
import { newKey, writeKeys } from "../signing/keys.ts";
import { Directory, postmaster } from "../running.ts";

const parsed = (directory: Directory, settings: object): Config => {
  const all = {
    hostname: "mx.example.net",
    domains: ["example.net"],
    postmaster: "joe@example.org",
    relay: { mx: {} },
    "state-directory": directory.of("state"),
    ...settings,
  };
  return parseConfig(JSON.stringify(all), directory.of("postmaster.yaml"));
};

const srsOf = ({ relay }: Config) => relay !== undefined && "srs" in relay ? relay.srs! : undefined;

Deno.test("the switch rewrites senders, seals and signs with one domain", () => {
  using directory = new Directory();
  for (const forwarding of ["example.net", { domain: "Example.NET" }]) {
    const config = parsed(directory, { forwarding });
    equal(srsOf(config)?.domain, "example.net");
    deepEqual(config.arcSeal, { domain: "example.net" });
    notEqual(config.dkimSign, undefined);
    equal(config.queue?.bounces.from, "MAILER-DAEMON@example.net");
  }
});

Deno.test("what the single keys say counts, and the domain of the switch signs in any case", () => {
  using directory = new Directory();
  const secret = directory.write("secret", "0123456789abcdef\n");
  const config = parsed(directory, {
    forwarding: "example.net",
    relay: { mx: {}, srs: { domain: "srs.example.net", "secret-file": secret } },
    "arc-seal": { domain: "example.org" },
    "dkim-sign": { domains: ["example.com"], fields: ["X-Tag"] },
    queue: { bounces: { from: "postmaster@example.net" } },
  });
  equal(srsOf(config)?.domain, "srs.example.net");
  deepEqual(config.arcSeal, { domain: "example.org" });
  deepEqual(config.dkimSign?.domains, ["example.com", "example.net"]);
  deepEqual(config.dkimSign?.fields, ["X-Tag"]);
  equal(config.queue?.bounces.from, "postmaster@example.net");
});

Deno.test("the server makes its secret once, for its user alone, and senders lead back after a restart", async () => {
  using directory = new Directory();
  const first = parsed(directory, { forwarding: "example.net" });
  prepareForwarding(first);
  const file = directory.of("state/srs.secret");
  equal(statSync(file).mode & 0o777, 0o600);
  const sender = Mailbox.parse("ann@example.org");
  const rewritten = srsOf(first)!.forward(sender, Date.now());
  match(String(rewritten), /^SRS0.*@example\.net$/);
  const second = parsed(directory, { forwarding: "example.net" });
  prepareForwarding(second);
  const found = srsOf(second)!.unwrap(rewritten, Date.now());
  equal(found?.fault, undefined);
  equal(String(found?.mailbox), "ann@example.org");
  const config = directory.write("postmaster.yaml", {
    ...{ forwarding: "example.net", relay: { mx: {} }, domains: ["example.net"] },
    ...{ postmaster: "joe@example.org", "state-directory": directory.of("state") },
  });
  const told = await postmaster("srs", String(rewritten), "--config", config);
  match(told.stdout, /ann@example\.org/, told.stderr);
});

Deno.test("a switch without a way for mail, or with a program, is a mistake", () => {
  using directory = new Directory();
  const faultOf = (settings: object): string => {
    try {
      parsed(directory, settings);
      return "";
    } catch (error) {
      return (error as Error).message;
    }
  };
  match(faultOf({ forwarding: "example.net", relay: undefined }), /add `relay: \{mx: \{\}\}`/);
  match(faultOf({ forwarding: "example.net", relay: { command: ["cat"] } }), /is not sealed/);
  match(faultOf({ forwarding: "no domain" }), /`no domain` is no domain/);
  match(faultOf({ forwarding: { dom: "example.net" } }), /forwarding/);
});

Deno.test("a switch without checks of senders is doubtful, and so is a key that everyone may read", () => {
  using directory = new Directory();
  const warningsOf = (settings: object) =>
    parsed(directory, settings).warnings.map(({ message }) => message).join("\n");
  writeKeys(directory.of("state/dkim"), [newKey("ed25519")]);
  match(warningsOf({ forwarding: "example.net" }), /put `sender-authentication` into `handlers`/);
  const handlers = ["sender-authentication"];
  equal(warningsOf({ forwarding: "example.net", handlers }), "");
  Deno.chmodSync(directory.of("state/dkim/example.net/ed25519.pem"), 0o644);
  match(warningsOf({ forwarding: "example.net", handlers }), /chmod o-rwx .*ed25519\.pem/);
  match(
    warningsOf({ "dkim-sign": { domains: ["example.com"] } }),
    /no keys of example\.com .*postmaster dkim generate example\.com.*not signed/,
  );
});
