import assert from "node:assert/strict";
import { parseHop, printHop } from "../../src/client/hop.ts";
import { CachingResolver } from "../../src/dns/caching_resolver.ts";
import { DomainTable } from "../../src/dns/domain_table.ts";
import type { RefusalKind } from "../../src/handler/outcome.ts";
import type { Way } from "../../src/relay/routing.ts";
import { routingOf, type RoutingSettings } from "../../src/relay/routing_of.ts";
import { Sender } from "../../src/relay/sender.ts";
import { smtpRelayType } from "../../src/relay/smtp_relay.ts";
import { inOrder, type Server } from "../../src/relay/server.ts";
import { Mailbox } from "../../src/smtp/mailbox.ts";
import { relay } from "../../src/targets/relay.ts";
import { FakeDns } from "../../src/testing/fake_dns.ts";
import { need } from "../need.ts";
import { Nsd } from "../nsd.ts";

const LABELS = Array.from({ length: 500 }, (_, i) => `many MX 10 h${i}`);
const ZONES = {
  "example.net": [
    "@ MX 10 a",
    "@ MX 20 b",
    "a A 192.0.2.1",
    "b A 192.0.2.2",
    "null MX 0 .",
    "dead MX 10 gone",
    "here MX 10 localhost.",
    "self MX 10 a",
    "self MX 20 mx.example.org.",
    "self MX 30 b",
    "best MX 5 MX.Example.ORG.",
    "best MX 30 a",
    "alias CNAME @",
    "host A 192.0.2.3",
    "texts TXT nothing",
    "numbers MX 10 192.0.2.1.",
    "sub.sick NS ns.sick",
    ...LABELS,
  ].join("\n"),
  "sick.example": "@ MX ten a zone with a mistake is not served",
};

const SETTINGS: RoutingSettings = { mx: { port: 25 }, literals: true };
const NAMES = ["mx.example.org"];

/** The servers of a way, or the outcome without one. */
const printed = (way: Way): string =>
  "outcome" in way
    ? [way.outcome.result, "status" in way.outcome && way.outcome.status, way.outcome.reason].join(
      " ",
    )
    : way.hops.map(printHop).join(" ");

Deno.test({
  name: "the exchangers of a domain, or why there are none",
  ...need("nsd"),
  fn: async () => {
    await using nsd = await Nsd.start(ZONES);
    const dns = new CachingResolver({ servers: [nsd.server], timeout: 2000 });
    const { wayTo } = bound(routingOf(SETTINGS, { dns, names: NAMES, random: () => 0 }));
    const cases: readonly [string, string | RegExp][] = [
      ["example.net", "smtp://a.example.net:25 smtp://b.example.net:25"],
      ["EXAMPLE.net", "smtp://a.example.net:25 smtp://b.example.net:25"],
      ["alias.example.net", "smtp://a.example.net:25 smtp://b.example.net:25"],
      ["dead.example.net", "smtp://gone.example.net:25"],
      ["here.example.net", "smtp://localhost:25"],
      ["host.example.net", "smtp://host.example.net:25"],
      ["self.example.net", "smtp://a.example.net:25"],
      ["[192.0.2.7]", "smtp://192.0.2.7:25"],
      ["[IPv6:2001:db8::7]", "smtp://[2001:db8::7]:25"],
      ["null.example.net", "failed 5.1.10 null.example.net takes no mail (null MX)"],
      ["none.example.net", "failed 5.1.2 there is no domain none.example.net"],
      ["texts.example.net", "failed 5.4.4 texts.example.net has no server that takes mail"],
      ["numbers.example.net", /^failed 5\.4\.4 the exchangers of .* are no names: 192\.0\.2\.1$/],
      [
        "best.example.net",
        "failed 5.4.6 mail for best.example.net loops back to mx.example.org, which does not know the domain",
      ],
      ["[tag:what]", "failed 5.1.2 [tag:what] is no address that mail can be sent to"],
      [
        "sick.example",
        /^deferred 4\.4\.3 the exchangers of sick\.example are unknown now: .*E(SERVFAIL|REFUSED)/,
      ],
    ];
    for (const [domain, wanted] of cases) {
      const way = printed(await wayTo(domain));
      if (typeof wanted === "string") assert.equal(way, wanted, domain);
      else assert.match(way, wanted, domain);
    }
    const sick = await wayTo("sick.example");
    assert.ok("outcome" in sick && sick.outcome.result === "deferred");
    assert.equal(sick.outcome.scope, "destination");
    assert.equal(sick.outcome.kind, "dns" satisfies RefusalKind);

    const many = await wayTo("many.example.net");
    assert.ok("hops" in many);
    assert.equal(many.hops.length, 5);
    assert.deepEqual(many.exchangers.hosts, many.hops.map(({ host }) => host));
    assert.equal(many.exchangers.implicit, false);
    assert.equal(many.domain, "many.example.net");

    await nsd.stop();
    const silent = new CachingResolver({ servers: [nsd.server], timeout: 100, attempts: 1 });
    const alone = bound(routingOf(SETTINGS, { dns: silent, names: NAMES }));
    assert.match(printed(await alone.wayTo("example.net")), /^deferred 4\.4\.3 .* unknown now/);
  },
});

const bound = (routing: ReturnType<typeof routingOf>) => ({
  wayTo: (domain: string) => routing.wayTo(domain, null, {}),
});

Deno.test("mail for address literals fails where that is the policy", async () => {
  const { wayTo } = bound(
    routingOf({ ...SETTINGS, literals: false }, { dns: new FakeDns(), names: NAMES }),
  );
  assert.match(
    printed(await wayTo("[192.0.2.7]")),
    /^failed 5\.1\.2 no mail is sent to address literals/,
  );
});

const server = (url: string, priority = 0, weight?: number): Server => ({
  hop: { ...parseHop(url), isNamed: true },
  priority,
  weight,
});

Deno.test("servers are tried by priority, as they are listed, or at random by their weights", () => {
  const order = (servers: readonly Server[], random = () => 0) =>
    inOrder(servers, random).map(({ hop }) => hop.host).join("");
  const url = (name: string) => `smtp://${name}`;
  const [a, b, c] = ["a", "b", "c"].map((name) => server(url(name)));
  assert.equal(order([c!, a!, b!]), "cab");
  assert.equal(order([server(url("z"), 2), a!, server(url("y"), 1)]), "ayz");
  const weighted = [server(url("a"), 0, 3), server(url("b")), server(url("x"), 1)];
  // a hundred lots, evenly spread, for the first drawing; the second has only one that is left
  const firsts = Array.from({ length: 100 }, (_, i) => order(weighted, () => (i + 0.5) / 100));
  assert.equal(firsts.filter((one) => one === "abx").length, 75);
  assert.equal(firsts.filter((one) => one === "bax").length, 25);
});

Deno.test("each message takes one own address of each family at random, by the domain of its recipient", async () => {
  const dns = new FakeDns({ "example.net": { MX: [{ exchange: "mx.example.net", priority: 0 }] } });
  const own = ["192.0.2.1", "2001:db8::1", "192.0.2.2"];
  const sourceAddress = new DomainTable([["example.net", own]], undefined);
  const sources = async (random: number) => {
    const routing = routingOf({ ...SETTINGS, sourceAddress }, {
      dns,
      names: [],
      random: () => random,
    });
    const way = await routing.wayTo("example.net", null, {});
    assert.ok("hops" in way);
    return way.hops[0]!.source;
  };
  assert.deepEqual(await sources(0.4), ["2001:db8::1", "192.0.2.1"]);
  assert.deepEqual(await sources(0.6), ["2001:db8::1", "192.0.2.2"]);
});

Deno.test("a handler chooses servers and what is demanded of TLS; servers that are known keep their logins", async () => {
  const login = { user: "joe", credentials: () => Promise.resolve({ password: "x" }) };
  const known: Server = {
    hop: { ...parseHop("smtp://in.example:587"), isNamed: true, login, tls: "verify" },
    priority: 0,
  };
  const routing = routingOf({ literals: true, via: [known] }, { dns: new FakeDns(), names: [] });
  const via = ["smtp://in.example:587", "smtp://Other.example"];
  const way = await routing.wayTo("example.net", null, { via });
  assert.ok("hops" in way);
  assert.deepEqual(
    way.hops.map(({ host, isNamed, login, tls }) => [host, isNamed, login?.user, tls]),
    [
      ["in.example", true, "joe", "verify"],
      ["other.example", undefined, undefined, undefined],
    ],
  );
  assert.deepEqual([way.domain, way.exchangers.implicit], ["in.example", true]);
  const safe = await routing.wayTo("example.net", null, { via, tls: "dane" });
  assert.ok("hops" in safe);
  assert.deepEqual(safe.hops.map(({ tls }) => tls), ["dane", "dane"]);
  assert.equal(
    routing.destinationOf("example.net", { via }),
    "smtp://joe@in.example:587 tls=verify smtp://other.example:25",
  );
  assert.equal(routing.destinationOf("example.net", {}), "smtp://joe@in.example:587 tls=verify");
});

Deno.test("the plan of a route names the exchangers or the servers, and mail that differs is not sent as one", () => {
  const via = [server("smtp://in.example:587")];
  const to = [Mailbox.parse("joe@Example.net")];
  const typeWith = (settings: RoutingSettings) => {
    const routing = routingOf(settings, { dns: new FakeDns(), names: [] });
    const needs = { routing, security: undefined!, connector: undefined!, limits: undefined! }; // a plan connects to nobody
    return smtpRelayType({ sender: () => new Sender(needs) });
  };
  const [mx, smarthost] = [typeWith(SETTINGS), typeWith({ literals: true, via })];
  const addressee = { recipient: to[0]!, original: to[0]! };
  const plan = (type: typeof mx, args = relay(to).args) => type.plan!(args, addressee);
  assert.equal(plan(mx), "joe@Example.net by the exchangers of example.net");
  assert.equal(plan(smarthost), "joe@Example.net by smtp://in.example:587");
  const chosen = relay(to, { via: ["smtp://other.example"] }).args;
  assert.equal(plan(mx, chosen), "joe@Example.net by smtp://other.example:25");
  const safe = relay(to, { tls: "verify" }).args;
  assert.equal(mx.destination!(safe, addressee), mx.destination!(relay(to).args, addressee));
  assert.notEqual(mx.place!(safe, addressee), mx.place!(relay(to).args, addressee));
});
