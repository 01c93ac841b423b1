import assert from "node:assert/strict";
import { judgeRecords, type Wanted } from "../../../src/cli/init/records.ts";
import { makePlan } from "../../../src/cli/init/plan.ts";
import { CachingResolver } from "../../../src/dns/caching_resolver.ts";
import { FakeDns } from "../../../src/testing/fake_dns.ts";
import { need } from "../../need.ts";
import { Nsd } from "../../nsd.ts";
import { HOST } from "./hosts.ts";

const plan = (address: readonly string[], domain: readonly string[] = ["example.net"]) =>
  makePlan(HOST, { hostname: "MX.example.net", domain, address }, "/srv", new FakeDns({}));

/** `A right`, with what there is to say. */
const short = ({ type, state, note }: Wanted): string =>
  [type, state, ...note === undefined ? [] : [note]].join(" ");

const REVERSE = "2.0.192.in-addr.arpa";

Deno.test({
  name: "records are right, missing or wrong as the DNS has them",
  ...need("nsd"),
  fn: async () => {
    await using nsd = await Nsd.start({
      "example.net": `@ MX 20 Mx.Example.Net.
@ MX 10 other.example.net.
@ TXT "some" "thing"
@ TXT "v=spf1 " "mx ~all"
mx A 192.0.2.25
mx AAAA 2001:db8:0::25`,
      [REVERSE]: "25 PTR mx.example.net.",
      "example.org": '@ MX 0 .\n@ TXT "v=spf1 a:MX.example.net -all"',
    });
    const resolver = () => new CachingResolver({ servers: [nsd.server] });
    const judge = async (...args: Parameters<typeof plan>) =>
      (await judgeRecords(await plan(...args), resolver())).map(short);

    assert.deepEqual(await judge(["192.0.2.25", "2001:db8::25"]), [
      "A right",
      "AAAA right",
      "MX right",
      "PTR right",
      "PTR unchecked", // nsd refuses zones that it does not have
      "TXT right",
    ]);
    assert.deepEqual(await judge(["192.0.2.26"], ["example.org", "sub.example.net"]), [
      "A wrong the DNS has 192.0.2.25",
      "MX wrong the DNS has 0 .",
      "MX missing",
      "PTR missing",
      "TXT right",
      "TXT missing",
    ]);

    await nsd.replace(REVERSE, "25 PTR host25.provider.example.");
    await nsd.replace(
      "example.net",
      '@ MX 10 other.example.net.\n@ TXT "v=spf1 include:provider.example -all"\nmx A 192.0.2.25',
    );
    assert.deepEqual(await judge(["192.0.2.25", "192.0.2.26"]), [
      "A right",
      "A missing",
      "MX wrong the DNS has 10 other.example.net.",
      "PTR wrong the DNS has host25.provider.example.",
      "PTR missing",
      "TXT unsure the DNS has v=spf1 include:provider.example -all: see that it means this machine",
    ]);

    await nsd.replace("example.net", '@ TXT "v=spf1 mx -all"\n@ TXT "v=spf1 -all"');
    assert.deepEqual((await judge(["192.0.2.25"])).filter((line) => line.startsWith("TXT")), [
      "TXT wrong the DNS has more than one, which counts as none",
    ]);
  },
});

Deno.test("a machine that does not know its address is found where the DNS says", async () => {
  const dns = new FakeDns({
    "mx.example.net": { A: ["192.0.2.25"] },
    [`25.${REVERSE}`]: { PTR: ["mx.example.net"] },
  });
  assert.deepEqual((await judgeRecords(await plan([]), dns)).map(short), [
    "A unsure the DNS has 192.0.2.25: see that it means this machine",
    "MX missing",
    "PTR right",
    "TXT missing",
  ]);
});

Deno.test("policies of senders name a machine in several ways", async () => {
  const state = async (policy: string, ...addresses: readonly string[]) => {
    const dns = new FakeDns({ "example.net": { TXT: [[policy]] } });
    const records = await judgeRecords(await plan(addresses), dns);
    return records.find(({ type }) => type === "TXT")?.state;
  };
  assert.equal(await state("v=spf1 +mx -all"), "right");
  assert.equal(await state("V=SPF1 MX -ALL"), "right");
  assert.equal(await state("v=spf1 ip4:192.0.2.25 -all", "192.0.2.25"), "right");
  assert.equal(await state("v=spf1 ip4:192.0.2.25 -all", "192.0.2.25", "2001:db8::1"), "unsure");
  assert.equal(await state("v=spf1 -all"), "unsure");
  assert.equal(await state("v=spf1 -mx all"), "unsure");
  assert.equal(await state("v=spf10 mx"), "missing");
});

Deno.test("nothing is said of what the DNS does not answer", async () => {
  const dns = new FakeDns({});
  dns.trouble = "ESERVFAIL";
  const records = await judgeRecords(await plan(["192.0.2.25"]), dns);
  assert.deepEqual(
    records.map(short),
    ["A", "MX", "PTR", "TXT"].map((type) => `${type} unchecked`),
  );
});
