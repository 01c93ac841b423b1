import assert from "node:assert/strict";
import { createSocket, type Socket } from "node:dgram";
import { CachingResolver } from "../../src/dns/caching_resolver.ts";
import { DnsError } from "../../src/dns/error.ts";
import { need } from "../need.ts";
import { Nsd } from "../nsd.ts";
import { freePort } from "../ports.ts";

const ZONE = `
ns      A     127.0.0.1
mx1     A     192.0.2.1
mx1     AAAA  2001:db8::1
@       MX    20 mx2
@       MX    10 mx1
@       TXT   "v=spf1 mx -all"
@       TXT   "two " "parts"
null    MX    0 .
alias   CNAME alias2
alias2  CNAME mx1
far     CNAME www.example.org.
nothing TXT   "x"
_25._tcp.mx1 TLSA 3 1 1 ${"ab".repeat(32)}
_submission._tcp SRV 1 2 587 mx1
short 2 A     192.0.2.9
*.wild  A     192.0.2.7
big     TXT   ${
  Array.from({ length: 30 }, (_, i) => `"${String(i).repeat(100).slice(0, 100)}"`).join(" ")
}
`;
const ORG = "ns A 127.0.0.1\nwww A 198.51.100.80";
const REVERSE = "ns A 127.0.0.1\n1 PTR mx1.example.net.";
const REVERSE6 = `ns A 127.0.0.1\n${"1" + ".0".repeat(23)} PTR mx1.example.net.`;

const zones = {
  "example.net": ZONE,
  "example.org": ORG,
  "2.0.192.in-addr.arpa": REVERSE,
  "8.b.d.0.1.0.0.2.ip6.arpa": REVERSE6,
};

/** The code of the error. */
const failure = async (lookup: Promise<unknown>): Promise<string> => {
  try {
    return `no failure: ${JSON.stringify(await lookup)}`;
  } catch (error) {
    assert.ok(error instanceof DnsError, String(error));
    return error.code;
  }
};

Deno.test({
  name: "what is changed in an answer of CachingResolver is as it was for all others",
  ...need("nsd"),
  fn: async () => {
    await using nsd = await Nsd.start(zones);
    const dns = new CachingResolver({ servers: [nsd.server], timeout: 2000 });
    for (let round = 0; round < 2; round++) {
      const { records } = await dns.query("null.example.net", "MX");
      assert.deepEqual(records, [{ exchange: "", priority: 0 }]);
      Object.assign(records[0]!, { exchange: "evil.example" });
      Object.assign(records, { length: 0 });
      const texts = await dns.resolveTxt("nothing.example.net");
      assert.deepEqual(texts, [["x"]]);
      texts[0]?.push("y");
      const [certificate] = await dns.resolveTlsa("_25._tcp.mx1.example.net");
      assert.equal(certificate?.data[0], 0xab);
      certificate.data.fill(0);
      const error = await dns.resolve4("nobody.example.net").catch((error) => error);
      assert.equal(error.code, "ENOTFOUND");
      error.code = "ETIMEOUT";
    }
    assert.equal(dns.statistics.hits, 4);
  },
});

Deno.test({
  name: "CachingResolver gives the records of a real server in the shapes of node:dns",
  ...need("nsd"),
  fn: async () => {
    await using nsd = await Nsd.start(zones);
    const dns = new CachingResolver({ servers: [nsd.server], timeout: 2000 });
    assert.deepEqual(await dns.resolve4("mx1.example.net"), ["192.0.2.1"]);
    assert.deepEqual(await dns.resolve6("MX1.Example.NET."), ["2001:db8::1"]);
    const mx = await dns.resolveMx("example.net");
    assert.deepEqual(mx.toSorted((a, b) => a.priority - b.priority), [
      { exchange: "mx1.example.net", priority: 10 },
      { exchange: "mx2.example.net", priority: 20 },
    ]);
    assert.deepEqual(await dns.resolveMx("null.example.net"), [{ exchange: "", priority: 0 }]);
    assert.deepEqual((await dns.resolveTxt("example.net")).toSorted(), [
      ["two ", "parts"],
      ["v=spf1 mx -all"],
    ]);
    assert.deepEqual(await dns.reverse("192.0.2.1"), ["mx1.example.net"]);
    assert.deepEqual(await dns.reverse("2001:db8::1"), ["mx1.example.net"]);
    assert.deepEqual(await dns.resolvePtr("1.2.0.192.in-addr.arpa"), ["mx1.example.net"]);
    assert.deepEqual(await dns.resolveCname("alias.example.net"), ["alias2.example.net"]);
    assert.deepEqual(await dns.resolveNs("example.net"), ["ns.example.net"]);
    assert.deepEqual(await dns.resolveSrv("_submission._tcp.example.net"), [
      { name: "mx1.example.net", port: 587, priority: 1, weight: 2 },
    ]);
    const [tlsa] = await dns.resolveTlsa("_25._tcp.mx1.example.net");
    assert.deepEqual([tlsa?.certUsage, tlsa?.selector, tlsa?.match, tlsa?.data.length], [
      3,
      1,
      1,
      32,
    ]);
    assert.equal((await dns.resolveSoa("example.net")).minttl, 7);
    assert.deepEqual(await dns.resolve("anything.wild.example.net"), ["192.0.2.7"]);
    assert.equal((await dns.query("mx1.example.net", "A")).ttl, 60);
  },
});

Deno.test({
  name: "CachingResolver follows aliases, and asks by TCP for what does not fit",
  ...need("nsd"),
  fn: async () => {
    await using nsd = await Nsd.start(zones);
    const dns = new CachingResolver({ servers: [nsd.server], timeout: 2000 });
    assert.deepEqual(await dns.resolve4("alias.example.net"), ["192.0.2.1"]);
    assert.deepEqual(await dns.resolve4("far.example.net"), ["198.51.100.80"]);
    assert.equal(await failure(dns.resolveMx("alias.example.net")), "ENODATA");
    const [big] = await dns.resolveTxt("big.example.net");
    assert.equal(big?.join("").length, 3000);
  },
});

Deno.test({
  name: "CachingResolver tells what does not exist from what nobody knows",
  ...need("nsd"),
  fn: async () => {
    await using nsd = await Nsd.start(zones);
    const dns = new CachingResolver({ servers: [nsd.server], timeout: 2000 });
    assert.equal(await failure(dns.resolve4("no.example.net")), "ENOTFOUND");
    assert.equal(await failure(dns.resolve4("nothing.example.net")), "ENODATA");
    assert.equal(await failure(dns.resolve4("example.com")), "EREFUSED");
    for (
      const name of [
        "",
        ".",
        "a..b",
        "a b.example.net",
        `${"a".repeat(64)}.example.net`,
        "\u0301.example",
      ]
    ) {
      assert.equal(await failure(dns.resolve4(name)), "EBADNAME", name);
    }
    assert.equal(await failure(dns.reverse("not an address")), "EBADNAME");
    const error = await dns.resolveMx("no.example.net").catch((error) => error);
    assert.deepEqual(
      [error.message, error.syscall, error.hostname],
      ["queryMx ENOTFOUND no.example.net", "queryMx", "no.example.net"],
    );
  },
});

Deno.test({
  name:
    "CachingResolver believes an answer as long as it is true, and nothing as long as the zone says",
  ...need("nsd"),
  fn: async () => {
    await using nsd = await Nsd.start(zones);
    let now = 0;
    const dns = new CachingResolver({ servers: [nsd.server], timeout: 2000, now: () => now });
    assert.deepEqual(await dns.resolve4("short.example.net"), ["192.0.2.9"]);
    assert.equal(await failure(dns.resolve4("new.example.net")), "ENOTFOUND");
    await nsd.replace(
      "example.net",
      `${ZONE.replace("192.0.2.9", "192.0.2.10")}\nnew A 192.0.2.11`,
    );
    now = 1999;
    assert.deepEqual(await dns.resolve4("short.example.net"), ["192.0.2.9"]);
    now = 2001;
    assert.deepEqual(await dns.resolve4("short.example.net"), ["192.0.2.10"]);
    assert.equal(await failure(dns.resolve4("new.example.net")), "ENOTFOUND");
    now = 7001;
    assert.deepEqual(await dns.resolve4("new.example.net"), ["192.0.2.11"]);
    assert.deepEqual(dns.statistics, { size: 2, hits: 2, misses: 4 });
  },
});

/** A UDP server that answers as `answer` says: bytes, or not at all. */
async function responder(
  answer: (query: Uint8Array, socket: Socket) => Uint8Array | undefined,
): Promise<{ server: { address: string; port: number }; asked: () => number; close: () => void }> {
  const socket = createSocket("udp4");
  let asked = 0;
  socket.on("message", (query: Uint8Array, from: { address: string; port: number }) => {
    asked++;
    const bytes = answer(query, socket);
    if (bytes !== undefined) socket.send(bytes, from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", () => resolve()));
  const { port } = socket.address();
  return {
    server: { address: "127.0.0.1", port },
    asked: () => asked,
    close: () => socket.close(),
  };
}

/** The question back as an answer with this response code. */
const withCode = (rcode: number) => (query: Uint8Array): Uint8Array => {
  const answer = query.slice();
  answer[2]! |= 0x80;
  answer[3] = rcode;
  return answer;
};

Deno.test("CachingResolver says so when servers are sick, silent or gone", async () => {
  const sick = await responder(withCode(2));
  const silent = await responder(() => undefined);
  const lookUp = (server: { address: string; port: number }) =>
    failure(
      new CachingResolver({ servers: [server], timeout: 100, attempts: 2 }).resolve4("example.net"),
    );
  assert.equal(await lookUp(sick.server), "ESERVFAIL");
  assert.equal(sick.asked(), 2, "it is asked again");
  assert.equal(await lookUp(silent.server), "ETIMEOUT");
  assert.match(
    await lookUp({ address: "127.0.0.1", port: freePort() }),
    /ETIMEOUT|ECONNREFUSED/,
  );
  sick.close();
  silent.close();
});

Deno.test({
  name: "CachingResolver asks the next server when one does not know",
  ...need("nsd"),
  fn: async () => {
    await using nsd = await Nsd.start(zones);
    const sick = await responder(withCode(2));
    const silent = await responder(() => undefined);
    const servers = [silent.server, sick.server, nsd.server];
    const dns = new CachingResolver({ servers, timeout: 200 });
    assert.deepEqual(await dns.resolve4("mx1.example.net"), ["192.0.2.1"]);
    assert.equal(await failure(dns.resolve4("no.example.net")), "ENOTFOUND");
    dns.setServers([nsd.address]);
    assert.deepEqual(dns.getServers(), [nsd.address]);
    assert.deepEqual(dns.statistics.size, 0);
    sick.close();
    silent.close();
  },
});

Deno.test("CachingResolver does not believe an answer to another question", async () => {
  const forged = (change: (answer: Uint8Array) => void) => (query: Uint8Array): Uint8Array => {
    const answer = withCode(3)(query);
    change(answer);
    return answer;
  };
  for (
    const change of [
      (answer: Uint8Array) => answer[0]! ^= 1, // another id
      (answer: Uint8Array) => answer[13]! ^= 1, // another name
      (answer: Uint8Array) => answer[2]! &= 0x7f, // a question
      (answer: Uint8Array) => answer.fill(0xff, 5), // garbage
    ]
  ) {
    const liar = await responder(forged(change));
    const dns = new CachingResolver({ servers: [liar.server], timeout: 100, attempts: 1 });
    assert.equal(await failure(dns.resolve4("example.net")), "ETIMEOUT");
    liar.close();
  }
});

Deno.test("CachingResolver asks once for all who want to know the same", async () => {
  const slow = await responder(withCode(3));
  const dns = new CachingResolver({ servers: [slow.server], timeout: 1000, cacheSize: 2 });
  const all = await Promise.all(
    Array.from({ length: 20 }, () => failure(dns.resolve4("Example.net"))),
  );
  assert.deepEqual([new Set(all), slow.asked()], [new Set(["ENOTFOUND"]), 1]);
  slow.close();
});

/** A UDP server that keeps the addresses of those who ask until it is told to answer. */
async function holder() {
  const held: { readonly query: Uint8Array; readonly port: number }[] = [];
  let somebody = () => {};
  const socket = createSocket("udp4");
  socket.on("message", (query: Uint8Array, { port }: { port: number }) => {
    held.push({ query, port });
    somebody();
  });
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", () => resolve()));
  return {
    server: { address: "127.0.0.1", port: socket.address().port },
    held,
    /** Waits until so many wait for an answer. */
    async filled(count: number): Promise<void> {
      while (held.length < count) await new Promise<void>((resolve) => somebody = resolve);
    },
    answerAll(): void {
      for (const { query, port } of held.splice(0)) {
        socket.send(withCode(3)(query), port, "127.0.0.1");
      }
    },
    close: () => socket.close(),
  };
}

Deno.test("CachingResolver asks only so many questions at once, each from a port of its own", async () => {
  const holding = await holder();
  const dns = new CachingResolver({ servers: [holding.server], timeout: 5000, questions: 4 });
  const all = Array.from({ length: 12 }, (_, i) => failure(dns.resolve4(`h${i}.example.net`)));
  for (let round = 0; round < 3; round++) {
    await holding.filled(4);
    const other = new CachingResolver({ servers: [holding.server], timeout: 5000 });
    const last = failure(other.resolve4("last.example.net"));
    await holding.filled(5); // what was sent before it has come
    assert.equal(new Set(holding.held.map(({ port }) => port)).size, 5);
    assert.equal(holding.held.length, 5);
    holding.answerAll();
    assert.equal(await last, "ENOTFOUND");
  }
  assert.deepEqual(new Set(await Promise.all(all)), new Set(["ENOTFOUND"]));
  holding.close();
});

Deno.test("CachingResolver lets no question wait for its turn longer than for an answer", async () => {
  const silent = await responder(() => undefined);
  const { server } = silent;
  const dns = new CachingResolver({ servers: [server], timeout: 200, attempts: 1, questions: 1 });
  const start = performance.now();
  const all = await Promise.all(
    Array.from({ length: 20 }, (_, i) => failure(dns.resolve4(`h${i}.example.net`))),
  );
  assert.deepEqual(new Set(all), new Set(["ETIMEOUT"]));
  assert.ok(performance.now() - start < 3900, "not one after the other");
  silent.close();
});

Deno.test("CachingResolver asks the platform where no server is known, and bounces nothing for it", async () => {
  const dns = new CachingResolver({ servers: [], timeout: 500 });
  assert.match(await failure(dns.resolveMx("no-such-domain.invalid")), /ESERVFAIL|ETIMEOUT/);
});
