/**
 * The Sender Rewriting Scheme, also against PostSRSd, whose tables for Postfix answer by TCP.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { lower } from "../../src/smtp/ascii.ts";
import { Mailbox } from "../../src/smtp/mailbox.ts";
import { Srs } from "../../src/targets/srs.ts";
import { need } from "../need.ts";
import { freePort } from "../ports.ts";
import { Directory, until } from "../running.ts";
import { mailbox as anyMailbox } from "../smtp/arbitraries.ts";

const DAY = 24 * 60 * 60 * 1000;
const NOW = Date.UTC(2026, 10, 28, 20);
const SECRETS = ["what only example.net knows", "what it used before"];

const srs = (secrets: readonly string[] = SECRETS, hashLength = 4): Srs =>
  new Srs({ domain: "example.net", secrets: () => secrets, maxAge: 21 * DAY, hashLength });
const parse = Mailbox.parse;

/** What an address leads back to, or why to nothing. */
function unwrap(scheme: Srs, address: string, now = NOW): string {
  const found = scheme.unwrap(parse(address), now);
  return found?.fault ?? String(found?.mailbox);
}

const mailboxes = anyMailbox.filter(({ domain, route }) => domain !== "" && route.length === 0);

Deno.test("a rewritten sender leads back to the sender, for its time, in any case", () => {
  fc.assert(fc.property(mailboxes, fc.nat(21), fc.boolean(), (sender, days, folded) => {
    const scheme = srs();
    const forward = String(scheme.forward(sender, NOW));
    if (forward === String(sender)) {
      return assert.ok(sender.domain.startsWith("[") || forward.length > 220, forward);
    }
    const shown = folded && !forward.includes('"') ? lower(forward) : forward;
    const found = scheme.unwrap(parse(shown), NOW + days * DAY);
    assert.equal(found?.fault, undefined, shown);
    assert.equal(found?.mailbox.foldedKey, sender.foldedKey, shown);
    assert.equal(unwrap(scheme, forward, NOW + (days + 22) * DAY), "expired");
  }));
});

Deno.test("a change to a rewritten sender makes it worthless", () => {
  const forward = String(srs().forward(parse("alice@example.com"), NOW));
  assert.equal(unwrap(srs(), forward), "alice@example.com");
  for (
    const changed of [
      forward.replace("alice", "malice"),
      forward.replace("example.com", "example.org"),
      forward.replace(/=..=/, "=AA="),
      forward.replace(/SRS0=./, "SRS0==").replace("SRS0==", "SRS0=%"),
      forward.replace(/SRS0=...(.)/, "SRS0=$1"),
    ]
  ) assert.equal(unwrap(srs(), changed), "forged", changed);
  assert.equal(unwrap(srs(["another"]), forward), "forged");
  assert.equal(unwrap(srs(SECRETS, 8), forward), "forged");
});

Deno.test("an old secret still opens what it has signed", () => {
  const [now, before] = SECRETS as [string, string];
  const forward = String(srs([before]).forward(parse("alice@example.com"), NOW));
  assert.equal(unwrap(srs([now, before]), forward), "alice@example.com");
  assert.notEqual(String(srs([now, before]).forward(parse("alice@example.com"), NOW)), forward);
});

Deno.test("a sender that another server has rewritten leads back by that server", () => {
  const others = "SRS0+ab12=XY=example.com=alice@example.org";
  const [second] = [srs().forward(parse(others), NOW)];
  assert.match(
    String(second),
    /^SRS1=.{4}=example\.org=\+ab12=XY=example\.com=alice@example\.net$/,
  );
  assert.equal(unwrap(srs(), String(second)), others);
  const third = srs().forward(new Mailbox(second!.local, "example.edu"), NOW);
  assert.equal(String(third), String(second));
  assert.equal(unwrap(srs(), String(second).replace("example.org", "example.edu")), "forged");
});

Deno.test("what is no rewritten sender of this domain is left alone", () => {
  const own = String(srs().forward(parse("alice@example.com"), NOW));
  assert.equal(String(srs().forward(parse(own), NOW)), own);
  const others = [
    "joe@example.net",
    "srs0-joe@example.net",
    own.replace(/net$/, "org"),
    "SRS1=a=b=c@example.net",
  ];
  for (const address of others) assert.equal(srs().unwrap(parse(address), NOW), undefined, address);
});

/** A PostSRSd of one's own, asked as Postfix asks. */
class PostSrsd {
  private constructor(
    readonly ports: { readonly forward: number; readonly reverse: number },
    readonly child: Deno.ChildProcess,
    readonly directory: Directory,
  ) {}

  static async start(): Promise<PostSrsd> {
    const directory = new Directory();
    const secrets = directory.write("secrets", SECRETS.map((line) => `${line}\n`).join(""));
    const ports = { forward: freePort(), reverse: freePort() };
    const args = ["-s", secrets, "-d", "example.net", "-4", "-f", `${ports.forward}`];
    const child = new Deno.Command("/usr/sbin/postsrsd", {
      args: [...args, "-r", `${ports.reverse}`],
      stdout: "null",
      stderr: "null",
    }).spawn();
    const started = new PostSrsd(ports, child, directory);
    await until(
      "PostSRSd listens",
      () => started.ask("forward", "x@example.org").catch(() => false),
    );
    return started;
  }

  async ask(table: "forward" | "reverse", address: string): Promise<string> {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port: this.ports[table] });
    await connection.write(new TextEncoder().encode(`get ${encodeURI(address)}\n`));
    const buffer = new Uint8Array(1024);
    const length = await connection.read(buffer) ?? 0;
    return new TextDecoder().decode(buffer.subarray(0, length)).trimEnd();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill();
    await this.child.status;
    this.directory[Symbol.dispose]();
  }
}

Deno.test({
  name: "PostSRSd and this server read each other's addresses",
  ...need("postsrsd"),
  fn: async () => {
    await using postsrsd = await PostSrsd.start();
    const senders = [
      "alice@example.com",
      "Bob.X+y=z@Example.ORG",
      "SRS0=ab12=XY=example.com=alice@example.org",
      "SRS1=ab12=example.com==cd34=XY=example.com=alice@example.org",
    ];
    const now = Date.now();
    for (const sender of senders) {
      const [code, theirs = ""] = (await postsrsd.ask("forward", sender)).split(" ");
      assert.equal(code, "200");
      const ours = String(srs().forward(parse(sender), now));
      assert.equal(ours, theirs);
      const back = sender.replace(/^SRS1=....=(.*?)==(.*)@.*$/, "SRS0=$2@$1");
      assert.equal(unwrap(srs(), theirs, now), back);
      assert.equal(await postsrsd.ask("reverse", ours), `200 ${back}`);
      const long = String(srs(SECRETS, 8).forward(parse(sender), now));
      assert.equal(await postsrsd.ask("reverse", long), `200 ${back}`);
    }
  },
});
