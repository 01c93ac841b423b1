/**
 * Forwarding by the one switch, between three servers that all enforce DMARC, as their users see it.
 */
import { equal, match, ok } from "node:assert/strict";
import { Buffer } from "node:buffer";
import { need, needFile } from "../need.ts";
import { Nsd } from "../nsd.ts";
import { freePort } from "../ports.ts";
import { type Directory, Running, type Settings, until } from "../running.ts";
import { send } from "../relay/relaying.ts";
import { nameOf, newKey, recordOf, recordsOf, writeKeys } from "./keys.ts";
import { arcByDkimpy, byDkimpy, PYTHON } from "./verifiers.ts";

/** The servers by their domains, each with an address of its own from which it also sends. */
const ADDRESSES = {
  "author.example": "127.0.2.1",
  "forwarder.example": "127.0.2.2",
  "receiver.example": "127.0.2.3",
} as const;
type Name = keyof typeof ADDRESSES;

/** A second domain of the author's server, which signs nothing: only SPF speaks for it. */
const UNSIGNED = "unsigned.example";

const keys = Object.keys(ADDRESSES).map((domain) => newKey("rsa", { domain }));
const records = recordsOf(keys);

/** What a domain publishes: who may send for it, its keys, and that all else is to be refused. */
const zone = (domain: string, address: string): string => {
  const published = keys.filter((key) => key.domain === domain).map((key) => {
    const strings = recordOf(key).match(/.{1,255}/g)!.map((one) => `"${one}"`);
    return `${nameOf(key)}. TXT ${strings.join(" ")}`;
  });
  return [
    ...["@ MX 10 mx", `mx A ${address}`, `@ TXT "v=spf1 ip4:${address} -all"`],
    '_dmarc TXT "v=DMARC1; p=reject; adkim=s; aspf=s"',
    ...published,
  ].join("\n");
};

const zones = {
  ...Object.fromEntries(Object.entries(ADDRESSES).map(([name, at]) => [name, zone(name, at)])),
  [UNSIGNED]: zone(UNSIGNED, ADDRESSES["author.example"]),
};

/** Gives each message a file of its own, and knows no user `late` after all. */
const MAILER = 'test "$0" != late || exit 67; cat > "$1/new.$$" && mv "$1/new.$$" "$1/mail.$$"';

/** A server of these; clients at 127.0.0.1 are its users. */
const serverOf =
  (name: Name, nsd: Nsd, port: number, more: Settings) => (directory: Directory): Settings => {
    writeKeys(directory.of("state/dkim"), keys.filter(({ domain }) => domain === name));
    return {
      hostname: `mx.${name}`,
      listen: [`${ADDRESSES[name]}:${port}`],
      domains: [name],
      users: ["joe"],
      postmaster: "joe",
      dns: { servers: [nsd.address] },
      relay: { mx: { port }, allow: ["127.0.0.0/8"], "source-address": ADDRESSES[name] },
      "dkim-sign": { networks: ["127.0.0.1"] },
      handlers: [
        { "relay-to": { networks: ["127.0.0.1"] } },
        { "sender-authentication": { except: ["127.0.0.1"], trusted: ["forwarder.example"] } },
      ],
      queue: { retry: ["1 h"] },
      log: { level: "info" },
      mailer: { command: ["sh", "-c", MAILER, "{user}", directory.path] },
      ...more,
    };
  };

const ALIASES = {
  away: "joe@receiver.example",
  nowhere: "nobody@receiver.example",
  late: "late@receiver.example",
};

/** Three servers. */
class World implements AsyncDisposable {
  private constructor(
    readonly author: Running,
    readonly forwarder: Running,
    readonly receiver: Running,
    readonly nsd: Nsd,
  ) {}

  /** @param forwarding what the forwarder's configuration says of forwarding */
  static async start(forwarding: Settings): Promise<World> {
    const nsd = await Nsd.start(zones);
    const port = freePort();
    const start = (name: Name, more: Settings) => Running.start(serverOf(name, nsd, port, more));
    const [author, forwarder, receiver] = await Promise.all([
      start("author.example", { domains: ["author.example", UNSIGNED] }),
      start("forwarder.example", { aliases: ALIASES, ...forwarding }),
      start("receiver.example", { forwarding: "receiver.example", users: ["joe", "late"] }),
    ]);
    return new World(author, forwarder, receiver, nsd);
  }

  /** Has an author send a message. */
  async send(from: string, to: string): Promise<void> {
    const text = `From: Joe <${from}>\r\nTo: ${to}\r\nSubject: forward me\r\n` +
      "Date: Sun, 29 Nov 2026 06:00:00 +0000\r\nMessage-ID: <1@author.example>\r\n\r\nHello\r\n";
    match(await send(this.author, [to], text, from), /^250/);
  }

  /** The next message that a server delivers to its users. */
  async next(name: "author" | "receiver"): Promise<string> {
    const { directory } = this[name];
    const file = await until(
      () => `${name} has mail\n${this.logs}`,
      () => directory.list().find((one) => one.startsWith("mail.")),
    );
    const text = directory.read(file);
    Deno.removeSync(directory.of(file));
    return text;
  }

  /** All that the servers have logged. */
  get logs(): string {
    return [this.author, this.forwarder, this.receiver].map(({ log }) => log.join("\n")).join(
      "\n\n",
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const one of [this.author, this.forwarder, this.receiver, this.nsd]) {
      await one[Symbol.asyncDispose]();
    }
  }
}

const options = {
  ignore: [need("nsd"), needFile(PYTHON, "apt-get install python3-dkim")].some((one) => one.ignore),
};

/** The results of checks that the last server has noted, on one line. */
const resultsIn = (text: string): string =>
  /^Authentication-Results:((?:.*\r?\n[ \t])*.*)/im.exec(text)?.[1]?.replace(/\s+/g, " ") ?? "";

/** The message without what was put on top when it was delivered. */
const arrived = (text: string): Buffer => Buffer.from(text.replace(/\r?\n/g, "\r\n"), "latin1");

Deno.test({
  name: "forwarded mail and bounces pass a receiver that enforces DMARC",
  ...options,
  fn: async (t) => {
    await using world = await World.start({ forwarding: "forwarder.example" });

    await t.step("of an author for whom only SPF speaks, by the seal", async () => {
      await world.send(`joe@${UNSIGNED}`, "away@forwarder.example");
      const text = await world.next("receiver");
      const results = resultsIn(text);
      match(results, /spf=pass .*smtp\.mailfrom=forwarder\.example/);
      match(results, /arc=pass/);
      match(results, /dmarc=fail/);
      const [[said]] = await arcByDkimpy([arrived(text)], records) as [[string]];
      equal(said, "pass");
    });

    await t.step("of an author who signs, by the signature", async () => {
      await world.send("joe@author.example", "away@forwarder.example");
      const text = await world.next("receiver");
      const results = resultsIn(text);
      for (const one of [/dkim=pass/, /arc=pass/, /dmarc=pass/]) match(results, one);
      const both = [arrived(text)];
      equal((await byDkimpy(both, records))[0]?.join(), "pass");
      equal((await arcByDkimpy(both, records))[0]?.[0], "pass");
    });

    await t.step("a bounce of the forwarder is signed", async () => {
      await world.send(`joe@${UNSIGNED}`, "nowhere@forwarder.example");
      const text = await world.next("author");
      match(text, /^From: .*<MAILER-DAEMON@forwarder\.example>/im);
      match(text, /^Final-Recipient: rfc822; *nobody@receiver\.example/im);
      match(resultsIn(text), /dmarc=pass/);
      equal((await byDkimpy([arrived(text)], records))[0]?.join(), "pass");
    });

    await t.step("a bounce of the receiver finds back by the rewritten sender", async () => {
      await world.send(`joe@${UNSIGNED}`, "late@forwarder.example");
      const text = await world.next("author");
      match(text, /^From: .*<MAILER-DAEMON@receiver\.example>/im);
      match(text, /^To: .*SRS0[=+-].*@forwarder\.example/im);
      const results = resultsIn(text);
      for (const one of [/dkim=pass/, /dmarc=pass/]) match(results, one);
      equal((await byDkimpy([arrived(text)], records))[0]?.join(), "pass");
    });

    ok(!/mail not signed|handler broke|stray error/.test(world.logs), world.logs);
  },
});

Deno.test({
  name: "without the switch, the same receiver refuses what only SPF speaks for",
  ...options,
  fn: async () => {
    await using world = await World.start({});
    await world.send(`joe@${UNSIGNED}`, "away@forwarder.example");
    await world.forwarder.logs(/failed .*5\.7\.1/);
    match(world.receiver.log.join("\n"), /policy of the author's domain applied/);
  },
});
