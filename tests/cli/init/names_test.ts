import assert from "node:assert/strict";
import { CachingResolver } from "../../../src/dns/caching_resolver.ts";
import { type Host, namesOf } from "../../../src/cli/init/host.ts";
import { findDomain, findHostname, isFullName } from "../../../src/cli/init/names.ts";
import { need } from "../../need.ts";
import { freePort, Nsd } from "../../nsd.ts";
import { HOST } from "./hosts.ts";

const calling = (...names: readonly string[]): Host => ({
  ...HOST,
  names: names.map((value) => ({ value, why: "it says so" })),
});

/** Nobody answers here. */
const nobody = new CachingResolver({
  servers: [{ address: "127.0.0.1", port: await freePort() }],
  timeout: 100,
  attempts: 1,
});

Deno.test("a full name is one that the world can look up", () => {
  for (
    const name of ["mx.example.net", "example.net", "MX.Example.NET.", "xn--bcher-kva.example"]
  ) {
    assert.ok(isFullName(name), name);
  }
  for (
    const name of [
      ...["mx", "mx.local", "localhost.localdomain", "ip-10-0-0-1.ec2.internal", "192.0.2.1"],
      ...[
        "[192.0.2.1]",
        "mx.example.net..",
        "no_domain.example",
        "a b.example",
        "mx..net",
        "",
        ".",
      ],
    ]
  ) assert.ok(!isFullName(name), name);
});

Deno.test("a machine's names are those of the kernel and of hostname(5), then its line of hosts(5)", () => {
  const hosts = "127.0.0.1 localhost\n# 127.0.1.1 old.example.net mx\n" +
    "127.0.1.1\tmx.example.net  MX # this one\n192.0.2.7 other.example.net other\n";
  assert.deepEqual(namesOf("mx", "mx\n", hosts).map(({ value }) => value), [
    ...["mx", "mx"],
    ...["mx.example.net", "MX"],
  ]);
  assert.deepEqual(namesOf("mx", "", "").map(({ value }) => value), ["mx"]);
});

Deno.test("the first full name is the machine's, in lower case, without asking anybody", async () => {
  const { value } = await findHostname(
    calling("mx", "MX.Example.net", "a.example.net"),
    [],
    nobody,
  );
  assert.equal(value, "mx.example.net");
});

Deno.test("a machine without a full name is told to say it", async () => {
  await assert.rejects(findHostname(calling("vm"), [], nobody), {
    message:
      "cannot find out the full name of this machine: it calls itself `vm`, and has no public " +
      "address by which it could be looked up: say it, such as --hostname mx.example.net",
  });
  await assert.rejects(
    findHostname(calling(), ["192.0.2.1", "2001:db8::1"], nobody),
    /it has no name, and the DNS has no name for 192\.0\.2\.1 and 2001:db8::1: say it/,
  );
});

Deno.test("without the DNS, only what is named like a mail exchanger takes the domain above it", async () => {
  for (
    const [hostname, domain] of [
      ["mx.example.net", "example.net"],
      ["mx1.example.net", "example.net"],
      ["mail-2.example.co.uk", "example.co.uk"],
      ["vps12345.provider.example", "vps12345.provider.example"],
      ["shop.co.uk", "shop.co.uk"],
      ["example.net", "example.net"],
      ["mail.net", "mail.net"],
    ] as const
  ) assert.equal((await findDomain(hostname, nobody)).value, domain);
});

Deno.test({
  name: "the DNS says what a machine is called, and whose mail it takes",
  ...need("nsd"),
  fn: async () => {
    await using nsd = await Nsd.start({
      "2.0.192.in-addr.arpa": "25 PTR localhost.\n25 PTR Mars.Example.net.",
      "example.net": "@ MX 10 MARS.example.net.",
    });
    const dns = new CachingResolver({ servers: [nsd.server] });
    const found = await findHostname(calling("mars"), ["192.0.2.24", "192.0.2.25"], dns);
    assert.deepEqual(found, {
      value: "mars.example.net",
      why: "the name of 192.0.2.25 in the DNS",
    });
    assert.equal((await findDomain("mars.example.net", dns)).value, "example.net");
    assert.equal((await findDomain("venus.example.net", dns)).value, "venus.example.net");
  },
});
