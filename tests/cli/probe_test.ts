/**
 * `postmaster probe` against a signed zone of nsd, unbound in front of it, and real TLS servers.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createServer } from "node:https";
import type { Probe } from "../../src/cli/probe/facts.ts";
import { need, needRoot } from "../need.ts";
import { Nsd } from "../nsd.ts";
import { Sink } from "../relay/sink.ts";
import { Directory, postmaster } from "../running.ts";
import { issue, type Issued } from "../tls/authority.ts";
import { Unbound } from "../unbound.ts";

const authority = await issue({ name: "authority", below: 0 });
const good = await issue({ name: "mx", domains: ["mx.example.net"], by: authority });
const other = await issue({ name: "other", domains: ["mx.example.net"] });

const tlsa = ({ spki }: Issued): string =>
  `TLSA 3 1 1 ${createHash("sha256").update(spki).digest("hex")}`;

const zoneFor = (port: number): string => `
@ MX 10 mx
mx A 127.0.0.1
_${port}._tcp.mx ${tlsa(good)}
wrong MX 10 mx.wrong
mx.wrong A 127.0.0.1
_${port}._tcp.mx.wrong ${tlsa(other)}
null MX 0 .
private MX 10 mx.private
mx.private A 10.0.0.1
mx.private A 127.0.0.1
inside MX 10 mx.inside
mx.inside A 10.0.0.1
second MX 10 absent
second MX 20 mx`;

/** A configuration for the servers of a test. */
class Site extends Directory {
  constructor(
    dns: { readonly address: string },
    port: number,
    more: Readonly<Record<string, unknown>> = {},
  ) {
    super();
    this.write("ca.pem", authority.certificate);
    Deno.chmodSync(this.write("password", "secret"), 0o600);
    this.write("postmaster.yaml", {
      ...{ hostname: "client.example.org", "state-directory": this.of("state") },
      ...{ listen: ["127.0.0.1:2525"], domains: ["client.example.org"], users: ["you"] },
      dns: { servers: [dns.address], validating: true, timeout: "1 min" },
      relay: { mx: { port }, allow: ["127.0.0.0/8"], ca: "ca.pem", ...more },
    });
  }

  probe(...args: readonly string[]) {
    return postmaster("probe", "-c", this.of("postmaster.yaml"), ...args);
  }

  /** As JSON. */
  async facts(...args: readonly string[]): Promise<Probe & { readonly code: number }> {
    const { code, stdout, stderr } = await this.probe("--json", ...args);
    assert.equal(stderr, "");
    return { code, ...JSON.parse(stdout) };
  }
}

Deno.test({
  name: "a probe tells what would happen to mail, and sends none",
  ...need("nsd", "unbound", "ldns-signzone"),
  fn: async (t) => {
    await using sink = await Sink.start({
      ...{ tls: good, extensions: ["PIPELINING", "SIZE 1000000"] },
    });
    const { port } = sink;
    await using unbound = await Unbound.start(
      { "example.net": zoneFor(port), "unsigned.example": "@ MX 10 mx.example.net." },
      { "example.net": {} },
    );
    using site = new Site(unbound, port);

    await t.step("DANE: the records, the chain, the handshake, the greeting", async () => {
      const probed = await site.facts("joe@example.net");
      assert.deepEqual([probed.code, probed.verdict.result, probed.by], [
        0,
        "accepted",
        "exchangers",
      ]);
      const [server] = probed.servers;
      assert.ok(server);
      assert.equal(server.server, `smtp://mx.example.net:${port}`);
      assert.deepEqual(server.addresses, [{ address: "127.0.0.1" }]);
      assert.deepEqual([server.demanded, server.policy.type], ["dane", "tlsa"]);
      const [connection] = server.connections;
      assert.deepEqual([connection?.tls?.protocol, connection?.tls?.verified], ["TLSv1.3", "dane"]);
      assert.match(connection?.certificate ?? "", /^for mx.example.net, issued by CN=authority, /);
      assert.match(server.greeting ?? "", /^220 /);
      assert.equal(server.extensions?.["SIZE"], "1000000");
      const chain = probed.lookups.map(({ name, type, authenticated }) =>
        [name, type, authenticated].join(" ")
      );
      for (
        const one of ["example.net MX", "mx.example.net A", `_${port}._tcp.mx.example.net TLSA`]
      ) {
        assert.ok(chain.includes(`${one} true`), chain.join("; "));
      }
    });
    await t.step("in lines for people", async () => {
      const { code, stdout } = await site.probe("example.net");
      assert.equal(code, 0);
      assert.match(stdout, /^example\.net: mail would go: mx\.example\.net would be given mail\n/);
      assert.match(stdout, /^ {2}MTA-STS: no policy; /m);
      assert.match(stdout, /^ {2}connection: 127\.0\.0\.1, TLSv1\.3, \S+, verified by dane$/m);
      assert.match(stdout, /^ {2}extensions: PIPELINING, SIZE 1000000$/m);
      assert.match(stdout, /^ {2}example\.net MX: 10 mx\.example\.net\. \(authenticated\)$/m);
    });
    await t.step("wrong TLSA records", async () => {
      const { code, verdict, servers } = await site.facts("wrong.example.net");
      assert.deepEqual([code, verdict.result, verdict.status], [1, "deferred", "4.7.5"]);
      assert.match(verdict.reason, /none of those that its TLSA records name/);
      assert.match(servers[0]?.connections[0]?.failure ?? "", /issued by CN=authority/);
    });
    await t.step("an MX record that is not authenticated makes no DANE", async () => {
      const { code, servers, lookups } = await site.facts("unsigned.example");
      assert.deepEqual([code, servers[0]?.demanded], [0, "may"]);
      assert.equal(lookups.find(({ type }) => type === "MX")?.authenticated, false);
      const dane = await site.facts("unsigned.example", "--tls", "dane");
      assert.equal(dane.code, 1);
      assert.match(dane.verdict.reason, /MX records of unsigned.example are not authenticated/);
      const verified = await site.facts("unsigned.example", "--tls", "verify");
      assert.equal(verified.servers[0]?.connections[0]?.tls?.verified, "ca");
    });
    await t.step("domains without servers, and addresses that are refused", async () => {
      const none = await site.facts("null.example.net");
      assert.deepEqual([none.code, none.verdict.status], [1, "5.1.10"], none.verdict.reason);
      const inside = await site.facts("inside.example.net");
      assert.deepEqual([inside.code, inside.verdict.result], [1, "deferred"]);
      assert.equal(inside.servers[0]?.addresses[0]?.refused, "a private address");
      const mixed = await site.facts("private.example.net");
      assert.deepEqual(
        mixed.servers[0]?.addresses.filter(({ refused }) => refused === "a private address").length,
        1,
      );
      const second = await site.facts("second.example.net");
      assert.deepEqual([second.code, second.servers.map(({ verdict }) => verdict.result)], [
        0,
        ["deferred", "accepted"],
      ]);
    });
    assert.doesNotMatch(
      sink.heard.map(({ clear, encrypted }) => clear + encrypted).join(""),
      /MAIL|AUTH/,
    );
    assert.deepEqual(sink.taken, []);
  },
});

Deno.test({
  name: "a probe logs in only if it is told to",
  ...need("nsd", "unbound", "ldns-signzone"),
  fn: async () => {
    await using sink = await Sink.start({ tls: good, extensions: ["AUTH PLAIN"] });
    await using unbound = await Unbound.start({ "example.net": zoneFor(sink.port) }, {});
    const server = { user: "joe", "password-file": "password" };
    using site = new Site(unbound, sink.port, {
      mx: undefined,
      via: { url: `smtp://mx.example.net:${sink.port}`, ...server },
    });
    const heard = () => sink.heard.map(({ encrypted }) => encrypted).join("");
    const { code, stdout, stderr } = await site.probe("example.org");
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /^ {2}login: as joe, not tried without --login$/m);
    assert.doesNotMatch(heard(), /AUTH/);
    const facts = await site.facts("example.org", "--login");
    assert.match(heard(), /^AUTH PLAIN/m);
    assert.deepEqual([facts.by, facts.servers[0]?.login], [
      "configuration",
      { user: "joe", tried: true },
    ]);
    assert.doesNotMatch(JSON.stringify(facts), /secret/);
  },
});

Deno.test("a probe for the null path takes the way of no sender", async () => {
  await using sink = await Sink.start();
  const server = `smtp://127.0.0.1:${sink.port}`;
  using site = new Site({ address: "127.0.0.1:9" }, sink.port, {
    ...{ mx: undefined, via: server },
    "by-sender": { "@example.org": "smtp://127.0.0.1:9" },
  });
  for (const path of ["<>", ""]) {
    const { code, verdict } = await site.facts("example.net", "--from", path);
    assert.deepEqual([code, verdict.result], [0, "accepted"]);
  }
  assert.equal((await site.facts("example.net", "--from", "joe@example.org")).code, 1);
});

Deno.test({
  name: "a probe tells the policy of MTA-STS, whether it was kept, and what it makes of servers",
  ignore: need("nsd").ignore || needRoot().ignore, // for port 443
  fn: async () => {
    const address = "127.0.0.77";
    await using sink = await Sink.start({ tls: good });
    const domains = ["mta-sts.example.net"];
    const { certificate, key } = await issue({ name: "policy", domains, by: authority });
    const policy = "version: STSv1\nmode: enforce\nmx: mx.example.net\nmax_age: 86400\n";
    const web = createServer({ cert: certificate, key }, (_, response) => {
      response.writeHead(200, { "content-type": "text/plain" }).end(policy);
    });
    await new Promise<void>((listening) => web.listen(443, address, listening));
    try {
      await using nsd = await Nsd.start({
        "example.net":
          `@ MX 10 mx\n@ MX 20 spare\nmx A 127.0.0.1\nspare A 127.0.0.1\nmta-sts A ${address}\n` +
          '_mta-sts TXT "v=STSv1; id=1"',
      });
      using site = new Site(nsd, sink.port);
      const { sts, servers } = await site.facts("example.net");
      assert.deepEqual(sts, {
        mode: "enforce",
        mx: ["mx.example.net"],
        kept: false,
        trouble: null,
      });
      const [named, other] = servers;
      assert.equal(named?.connections[0]?.tls?.verified, "mta-sts");
      assert.deepEqual([other?.demanded, other?.connections], [null, []]);
      assert.match(other?.verdict.reason ?? "", /policy of example\.net does not name spare/);
    } finally {
      web.closeAllConnections();
      await new Promise((closed) => web.close(closed));
    }
  },
});
