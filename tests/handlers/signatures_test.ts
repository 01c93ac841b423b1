import { deepEqual, equal, match, ok } from "node:assert/strict";
import { createSocket } from "node:dgram";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { Buffer } from "node:buffer";
import { chain, discard, type Handler, on, type SenderAuthentication } from "postmaster";
import { arc, dkim } from "postmaster/handlers";
import { Client, type ClientOptions, type FakeDns } from "postmaster/testing";
import {
  dnsOf,
  ed25519Key,
  message,
  type Records,
  rsaKey,
  signature,
  signed,
} from "../authenticity/signed.ts";
import { PYTHON, relay, sealedByDkimpy, SEALERS } from "../authenticity/signers.ts";
import { need, needFile } from "../need.ts";
import { Nsd } from "../nsd.ts";
import { ENVELOPE, Running, until } from "../running.ts";

const NAME = "one._domainkey.example.net";
const key = rsaKey();
const keys: Records = { [NAME]: key.record };
const SIGNED = signed({ key });
const BROKEN = SIGNED.replace("hungry", "thirsty");
const UNSIGNED = message([]);

/** What became of a message. */
interface Outcome {
  readonly reply: string;
  /** What the innermost handler saw. */
  readonly found: SenderAuthentication | undefined;
  /** What it received. */
  readonly body: string | undefined;
  readonly dns: FakeDns;
}

/** Sends a message, in which no line begins with a dot, through a handler. */
async function send(
  handler: Handler,
  text: string,
  records: Records = keys,
  situation: ClientOptions = {},
): Promise<Outcome> {
  const seen: { found?: SenderAuthentication; body?: string } = {};
  const innermost = on(["AddRcptTo", "Deliver"], async (event, next, session) => {
    if (event.type === "AddRcptTo") return discard();
    seen.found = session.senderAuthentication;
    const octets = Buffer.concat(await Array.fromAsync(event.body));
    seen.body = octets.toString("latin1");
    return next({ ...event, body: ReadableStream.from([octets]) });
  });
  const dns = dnsOf(records);
  using client = Client.of(chain(handler, innermost), { dns, ...situation });
  await client.reply();
  for (const line of ["EHLO x.example", ...ENVELOPE]) await client.command(line);
  client.send(`${text}.\r\n`);
  const { code, enhanced } = await client.reply();
  return { reply: `${code} ${enhanced}`, found: seen.found, body: seen.body, dns };
}

Deno.test("dkim() tells the handlers further in, and passes the message on as it came", async () => {
  for (const [text, results] of [[SIGNED, ["pass"]], [BROKEN, ["fail"]], [UNSIGNED, []]] as const) {
    const { reply, found, body } = await send(dkim(), text);
    equal(reply, "250 2.0.0");
    deepEqual(found?.dkim?.map(({ result }) => result), results);
    equal(found?.arc, undefined);
    equal(body, text);
  }
});

Deno.test("dkim() refuses what it is told to, unless a signature passes", async () => {
  const replyTo = async (handler: Handler, text: string, records = keys) =>
    (await send(handler, text, records)).reply;
  const both = message([signature({ key }), signature({ key, tags: { bh: "AAAA" } })]);
  equal(await replyTo(dkim({ refuse: "fail" }), BROKEN), "550 5.7.20");
  equal(await replyTo(dkim({ refuse: "fail" }), UNSIGNED), "250 2.0.0");
  equal(await replyTo(dkim({ refuse: "fail" }), SIGNED), "250 2.0.0");
  equal(await replyTo(dkim({ refuse: "fail" }), both), "250 2.0.0");
  equal(await replyTo(dkim({ refuse: ["none", "permerror"] }), UNSIGNED), "550 5.7.20");
  equal(await replyTo(dkim({ refuse: ["none", "permerror"] }), SIGNED, {}), "550 5.7.20");
  equal(await replyTo(dkim({ refuse: ["none", "permerror"] }), BROKEN), "250 2.0.0");
});

Deno.test("dkim() refuses nothing for good while the DNS does not answer", async () => {
  const all = ["none", "fail", "policy", "neutral", "permerror"] as const;
  const other = signature({ key, tags: { s: "two", bh: "AAAA" } });
  for (const trouble of ["ESERVFAIL", "ETIMEOUT", "EREFUSED"]) {
    for (const text of [SIGNED, message([signature({ key }), other])]) {
      const records = { ...keys, [NAME]: trouble };
      equal((await send(dkim({ refuse: all }), text, records)).reply, "250 2.0.0");
      const defers = dkim({ refuse: all, inDoubt: "defer" });
      equal((await send(defers, text, records)).reply, "451 4.4.3");
      equal((await send(dkim({ inDoubt: "defer" }), text, records)).reply, "250 2.0.0");
    }
  }
});

Deno.test("dkim() does not examine what users and trusted clients send", async () => {
  const trusting = dkim({ refuse: "none", except: ["192.0.2.0/24", "2001:db8::1"] });
  const peer = (address: string) => ({ peer: { address, port: 1 } });
  for (const who of [{ user: "joe" }, peer("192.0.2.7"), peer("2001:db8::1")]) {
    const { reply, found, dns } = await send(trusting, UNSIGNED, keys, who);
    deepEqual([reply, found?.dkim, dns.asked], ["250 2.0.0", undefined, []]);
  }
  equal((await send(trusting, UNSIGNED, keys, peer("192.0.3.7"))).reply, "550 5.7.20");
  for (const address of ["127.0.0.1", "::1", "unix"]) {
    const { found } = await send(chain(dkim(), arc()), UNSIGNED, keys, peer(address));
    deepEqual([found?.dkim, found?.arc], [undefined, undefined]);
  }
});

Deno.test("dkim() examines no more signatures than it may", async () => {
  const text = message(new Array(1000).fill(signature({ key })));
  const { found, dns } = await send(dkim({ signatures: 3 }), text);
  deepEqual(found?.dkim?.map(({ result }) => result), ["pass", "pass", "pass"]);
  deepEqual(dns.asked, [`TXT ${NAME}`]);
});

Deno.test("handlers in one chain examine the signatures of a message once", async () => {
  const { found, dns } = await send(chain(dkim(), arc(), dkim()), SIGNED);
  deepEqual([found?.dkim?.[0]?.result, found?.arc?.result], ["pass", "none"]);
  deepEqual(dns.asked, [`TXT ${NAME}`]);
});

const NEED_DKIMPY = needFile(PYTHON, "apt-get install python3-dkim");
const CHAINS = NEED_DKIMPY.ignore ? [] : await sealedByDkimpy(UNSIGNED, 2);

Deno.test({
  name: "arc() trusts a chain if it trusts all of its sealers",
  ...NEED_DKIMPY,
  fn: async () => {
    const [, two = ""] = CHAINS;
    const trusts = async (trusted: readonly string[], text = two) =>
      (await send(arc(trusted.length > 0 ? { trusted } : {}), text, SEALERS)).found?.arc;
    equal((await trusts([relay(1), relay(2)]))?.isTrusted, true);
    equal((await trusts(["RELAY1.example", relay(2)]))?.isTrusted, true);
    for (const some of [[], [relay(1)], [relay(2)], ["elay1.example", "elay2.example"]]) {
      const { result, isTrusted } = await trusts(some) ?? {};
      deepEqual([result, isTrusted], ["pass", false]);
    }
    const broken = await trusts([relay(1), relay(2)], two.replace("hungry", "thirsty"));
    deepEqual([broken?.result, broken?.isTrusted], ["fail", false]);
    equal((await trusts([relay(1)], UNSIGNED))?.isTrusted, false);
  },
});

Deno.test({
  name: "arc() refuses a broken chain if it is told to, and nothing while the DNS does not answer",
  ...NEED_DKIMPY,
  fn: async () => {
    const [, two = ""] = CHAINS;
    const refusing = arc({ refuse: "fail" });
    const broken = two.replace("hungry", "thirsty");
    equal((await send(refusing, broken, SEALERS)).reply, "550 5.7.29");
    equal((await send(arc(), broken, SEALERS)).reply, "250 2.0.0");
    equal((await send(refusing, two, SEALERS)).reply, "250 2.0.0");
    equal((await send(refusing, UNSIGNED, SEALERS)).reply, "250 2.0.0");
    const ill = Object.fromEntries(Object.keys(SEALERS).map((name) => [name, "ESERVFAIL"]));
    const { reply, found } = await send(refusing, two, ill);
    deepEqual([reply, found?.arc?.result], ["250 2.0.0", "temperror"]);
  },
});

/** A DNS server that never answers. */
async function silence(): Promise<AsyncDisposable & { readonly address: string }> {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return {
    address: `127.0.0.1:${socket.address().port}`,
    [Symbol.asyncDispose]: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

/** Sends messages to a server, and returns the results in its field `Authentication-Results` for each. */
async function resultsOf(server: Running, texts: readonly string[]): Promise<readonly string[]> {
  const client = await server.connect();
  await client.command("EHLO x.example");
  for (const text of texts) {
    for (const line of ENVELOPE) await client.command(line);
    client.send(`${text}.\r\n`);
    equal((await client.reply()).code, 250);
  }
  client.hangUp();
  const fields = server.directory.read("mail")
    .matchAll(/^Authentication-Results: mx\.example\.net;\s*([^]*?)\r?\n(?![ \t])/gm);
  return Array.from(fields, ([, results = ""]) => results.replace(/\s+/g, " "));
}

Deno.test({
  name: "a server verifies signatures by the keys in a real DNS",
  ...need("nsd"),
  fn: async () => {
    const other = ed25519Key();
    await using nsd = await Nsd.start(
      {
        "example.net":
          `one._domainkey TXT "${key.record.slice(0, 99)}" "${key.record.slice(99)}"\n` +
          `two._domainkey TXT "${
            other.record.replaceAll(";", "\\;")
          }"\nthree._domainkey A 192.0.2.1`,
        "ill.example": "",
      },
      (name) => name === "ill.example" ? "nothing.zone" : `${name}.zone`,
    );
    await using server = await Running.start(() => ({
      handlers: [{ dkim: { except: [] } }, { arc: { except: [] } }],
      dns: { servers: [nsd.address] },
    }));
    const results = await resultsOf(server, [
      SIGNED,
      signed({ key: other, tags: { s: "two" } }),
      signed({ key, tags: { s: "three" } }),
      signed({ key, tags: { s: "four" } }),
      signed({ key, tags: { d: "ill.example" } }),
      BROKEN,
      UNSIGNED,
    ]);
    const expected = [
      /^dkim=pass header\.d=example\.net header\.s=one header\.a=rsa-sha256 .*; arc=none$/,
      /^dkim=pass .*header\.a=ed25519-sha256/,
      /^dkim=permerror reason="there is no such key"/,
      /^dkim=permerror reason="there is no such key"/,
      /^dkim=temperror reason="[^"]*ESERVFAIL[^"]*"/,
      /^dkim=fail reason="the body has changed"/,
      /^dkim=none; arc=none$/,
    ];
    equal(results.length, expected.length);
    expected.forEach((result, i) => match(results[i]!, result));
  },
});

Deno.test("a server accepts a message while no DNS answers, within the time that it may take", async () => {
  await using dead = await silence();
  await using server = await Running.start(() => ({
    handlers: [{ dkim: { refuse: ["fail", "permerror"], timeout: "1 s", except: [] } }],
    dns: { servers: [dead.address] },
  }));
  const [result = ""] = await resultsOf(server, [SIGNED]);
  match(result, /^dkim=temperror/);
});

Deno.test({
  name: "a server examines a message of 200 MB in less memory",
  ...need("nsd"),
  fn: async () => {
    const block = Buffer.alloc(64 * 1024, "a line of text,  with spaces \t in it \r\n");
    const blocks = 3200;
    const hash = createHash("sha256");
    for (let i = 0; i < blocks; i++) hash.update(block);
    hash.update("\r\n"); // the last line breaks off
    const head = signed({ key, tags: { bh: hash.digest("base64") }, body: "" });
    await using nsd = await Nsd.start({
      "example.net": `one._domainkey TXT "${key.record}"`,
    });
    await using server = await Running.start((directory) => ({
      handlers: [{ dkim: { except: [] } }, { arc: { except: [] } }],
      limits: { "message-size": "300 MiB" },
      mailer: { command: ["sh", "-c", `head -c 4096 > ${directory.of("mail")}; cat > /dev/null`] },
      dns: { servers: [nsd.address] },
    }), { alone: true });
    await resultsOf(server, [SIGNED]);
    const before = server.memory();
    let most = 0;
    const watch = setInterval(() => most = Math.max(most, server.memory()), 50);
    const client = await server.connect();
    await client.command("EHLO x.example");
    for (const line of ENVELOPE) await client.command(line);
    client.send(head);
    for (let i = 0; i < blocks; i++) client.send(block);
    client.send("\r\n.\r\n");
    const line = await until("the server has read it", () => client.line().catch(() => undefined));
    clearInterval(watch);
    match(line, /^250 /);
    match(server.directory.read("mail"), /^Authentication-Results: mx.example.net;\s+dkim=pass/m);
    ok(most - before < 150e6, `${most - before} octets`);
  },
});
