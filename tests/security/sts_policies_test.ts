/** MTA-STS with a DNS server and HTTPS servers, right ones and evil ones (RFC 8461). */
import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { CachingResolver } from "../../src/dns/caching_resolver.ts";
import type { LogEvent } from "../../src/log/event.ts";
import { stsPolicies } from "../../src/security/sts/sts_policies.ts";
import type { TlsResult } from "../../src/security/security.ts";
import { selfSigned } from "../../src/tls/self_signed.ts";
import { need } from "../need.ts";
import { Nsd } from "../nsd.ts";
import { Directory, until } from "../running.ts";
import { type Answer, answering, HttpsServer } from "./https_server.ts";

const DAY = 86_400_000;
const NEEDS = need("nsd");
const policyOf = (mode = "enforce", age = 604_800, mx = "mx.example.net") =>
  `version: STSv1\nmode: ${mode}\nmx: ${mx}\nmax_age: ${age}\n`;
/** Records that are asked for again each time. */
const record = (id: string) =>
  `ns A 127.0.0.1\nmta-sts A 127.0.0.1\nmta-sts.wrong-name A 127.0.0.1\n` +
  `private A 127.0.0.1\n_mta-sts 0 TXT "v=STSv1; id=${id};"\n` +
  `_mta-sts.wrong-name TXT "v=STSv1; id=1"\n_mta-sts.nowhere TXT "v=STSv1; id=1"\n`;

/** A domain `example.net` with its DNS and HTTPS servers, and a clock that a test moves. */
async function world(
  { answer = answering(policyOf()), age = 0, names = ["mta-sts.example.net"] }: {
    readonly answer?: Answer;
    /** Days since the certificate, which is good for 30 days, was made. */
    readonly age?: number;
    readonly names?: readonly string[];
  } = {},
) {
  const stack = new AsyncDisposableStack();
  const directory = stack.use(new Directory());
  const nsd = stack.use(await Nsd.start({ "example.net": record("1") }));
  const certificate = await selfSigned(names as [string], 30, Date.now() - age * DAY);
  const web = stack.use(await HttpsServer.start(certificate, answer));
  const clock = { now: Date.now() };
  const failures: string[] = [];
  const results: TlsResult[] = [];
  const dns = new CachingResolver({ servers: [nsd.server], timeout: 2000 });
  const log = Object.assign(
    (event: LogEvent, fields: object) => void failures.push(`${event} ${JSON.stringify(fields)}`),
    { wants: () => true },
  );
  const open = (more: object = {}) =>
    stack.use(stsPolicies({
      ...{ dns, directory: directory.of("mta-sts"), ca: certificate.certificate },
      ...{ port: web.port, isAllowed: () => true, now: () => clock.now, timeout: 20_000 },
      log,
      results: { count: (result) => results.push(result) },
      ...more,
    }));
  return {
    ...{ nsd, web, clock, failures, results, directory, open },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

Deno.test({
  name: "a policy is fetched once for all, kept, and known after a restart without the web",
  ...NEEDS,
  fn: async () => {
    await using all = await world();
    const policies = all.open();
    const found = await Promise.all(
      Array.from(
        { length: 20 },
        (_, i) => policies.policyFor(i % 2 ? "Example.NET." : "example.net"),
      ),
    );
    for (const policy of found) assert.deepEqual(policy?.mx, ["mx.example.net"]);
    assert.equal(found[0]?.mode, "enforce");
    assert.deepEqual(all.web.requests, ["GET mta-sts.example.net /.well-known/mta-sts.txt"]);
    policies[Symbol.dispose]();
    assert.deepEqual(await all.open().policyFor("example.net"), found[0]);
    assert.equal(all.web.requests.length, 1);
    assert.deepEqual([all.failures, all.results], [[], []]);
    assert.equal(Deno.statSync(all.directory.of("mta-sts/example.net.json")).mode! & 0o777, 0o600);
  },
});

Deno.test({
  name:
    "another id fetches the policy again; while that fails, the old one counts until it expires",
  ...NEEDS,
  fn: async () => {
    await using all = await world();
    const policies = all.open();
    await policies.policyFor("example.net");
    await all.nsd.replace("example.net", record("2"));
    all.web.answer = answering("gone", 404);
    const { policy, trouble } = await policies.find("example.net");
    assert.equal(policy?.mode, "enforce");
    assert.match(trouble ?? "", /mta-sts\.example\.net answers with the status 404/);
    await policies.policyFor("example.net");
    assert.equal(all.web.requests.length, 2, "not again so soon");
    all.clock.now += 5 * 60_000;
    all.web.answer = answering(policyOf("testing", 100));
    assert.equal((await policies.policyFor("example.net"))?.mode, "testing");
    all.web.answer = answering("gone", 404);
    await all.nsd.replace("example.net", "ns A 127.0.0.1");
    all.clock.now += 99_000;
    assert.equal((await policies.policyFor("example.net"))?.mode, "testing", "without a record");
    all.clock.now += 2000;
    assert.equal(await policies.policyFor("example.net"), undefined, "expired");
    assert.deepEqual(all.results.map(({ failure }) => failure), ["sts-policy-fetch-error"]);
  },
});

Deno.test({
  name: "a policy is fetched again each day, by the way or by itself, and `none` ends it",
  ...NEEDS,
  fn: async () => {
    await using all = await world();
    const policies = all.open();
    await policies.policyFor("example.net");
    all.web.answer = answering(policyOf("testing"));
    all.clock.now += DAY;
    assert.equal((await policies.policyFor("example.net"))?.mode, "enforce", "it does not wait");
    await until(
      "the policy is new",
      async () => (await policies.policyFor("example.net"))?.mode === "testing",
    );
    all.web.answer = answering("version: STSv1\nmode: none\nmax_age: 86400\n");
    await all.nsd.replace("example.net", "ns A 127.0.0.1\nmta-sts A 127.0.0.1");
    all.clock.now += DAY;
    await policies.refresh();
    assert.equal((await policies.policyFor("example.net"))?.mode, "none");
    all.web.answer = answering("", 500);
    all.clock.now += DAY;
    await policies.refresh();
    assert.equal(await policies.policyFor("example.net"), undefined);
    assert.deepEqual(Array.from(Deno.readDirSync(all.directory.of("mta-sts"))), []);
  },
});

Deno.test({
  name: "a web server that is evil gives no policy",
  ...NEEDS,
  fn: async () => {
    await using all = await world();
    const large = (octets: number) =>
      policyOf() + `x: ${"y".repeat(octets - policyOf().length - 4)}\n`;
    const redirect: Answer = (_, response) =>
      void response.writeHead(302, { location: "https://mta-sts.example.net/x" }).end();
    const drip = (_: unknown, response: ServerResponse) => {
      const timer = setInterval(() => response.write("x: y\n"), 20);
      response.on("close", () => clearInterval(timer)).writeHead(200, {
        "content-type": "text/plain",
      });
    };
    const cut: Answer = (_, response) => {
      response.writeHead(200, { "content-type": "text/plain", "content-length": "1000" });
      response.write(policyOf(), () => response.destroy());
    };
    for (
      const [answer, reason, kind = "sts-policy-fetch-error"] of [
        [redirect, /the status 302/],
        [answering(large(65_537)), /more than 65536 octets/],
        [answering(policyOf(), 200, "text/html"), /text\/html, not text\/plain/],
        [answering(policyOf(), 206), /the status 206/],
        [drip, /in time/],
        [cut, /./],
        [answering("<html>"), /./, "sts-policy-invalid"],
        [answering(policyOf("strict")), /no mode that is known/, "sts-policy-invalid"],
      ] as const
    ) {
      using policies = all.open({ timeout: answer === drip ? 300 : 20_000 });
      all.web.answer = answer;
      const { policy, trouble } = await policies.find("example.net");
      assert.equal(policy, undefined);
      assert.match(trouble ?? "", reason);
      assert.equal(all.results.pop()?.failure, kind);
    }
    assert.ok(
      !all.web.requests.some((request) => request.endsWith("/x")),
      "no redirect is followed",
    );
    all.web.answer = answering(large(65_536), 200, 'Text/Plain ; charset="utf-8"');
    assert.equal((await all.open().policyFor("example.net"))?.mode, "enforce");
  },
});

Deno.test({
  name: "a certificate that is expired, misnamed or not trusted gives no policy",
  ...NEEDS,
  fn: async () => {
    const cases = [
      [{ age: 31 }, {}, "example.net"],
      [{}, {}, "wrong-name.example.net"],
      [{ names: ["mta-sts.example.org"] }, {}, "example.net"],
      [{}, { ca: undefined }, "example.net"],
    ] as const;
    for (const [server, client, domain] of cases) {
      await using all = await world(server);
      assert.equal(await all.open(client).policyFor(domain), undefined);
      assert.deepEqual(all.results.map(({ failure, policy }) => [failure, policy.domain]), [
        ["sts-webpki-invalid", domain],
      ]);
      assert.deepEqual(all.web.requests, []);
    }
  },
});

Deno.test({
  name:
    "no connection is made to an address that is not allowed, and a slow web server delays no other domain",
  ...NEEDS,
  fn: async () => {
    let isSlow = true;
    await using all = await world({ answer: () => isSlow = true });
    const refusing = all.open({ isAllowed: (address: string) => !address.startsWith("127.") });
    const { policy, trouble } = await refusing.find("example.net");
    assert.equal(policy, undefined);
    assert.match(
      trouble ?? "",
      /mta-sts\.example\.net has only addresses that are not allowed: 127/,
    );
    assert.deepEqual(all.web.requests, []);
    const policies = all.open();
    const slow = policies.policyFor("example.net").then(() => isSlow = false);
    await until("the web server was asked", () => all.web.requests.length > 0);
    assert.equal(await policies.policyFor("nowhere.example.net"), undefined);
    assert.equal(await policies.policyFor("other.example.net"), undefined);
    assert.ok(isSlow);
    all.web[Symbol.dispose]();
    await slow;
    assert.equal(await policies.policyFor("../../etc/passwd"), undefined);
  },
});
