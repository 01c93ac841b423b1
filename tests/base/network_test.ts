import assert from "node:assert/strict";
import { isIn, Network, networkOf, parseIp } from "../../src/base/network.ts";

for (
  const [text, meant] of [
    ["192.0.2.0/24", "192.0.2.0/24"],
    ["192.0.2.1", "192.0.2.1/32"],
    ["0.0.0.0/0", "0.0.0.0/0"],
    ["2001:db8::/32", "2001:db8::/32"],
    ["2001:DB8:0:0::1", "2001:db8::1/128"],
    ["::ffff:10.0.0.0/104", "10.0.0.0/8"],
    ["::ffff:192.0.2.1", "192.0.2.1/32"],
  ] as const
) {
  Deno.test(`Network.parse() takes ${text} for ${meant}`, () => {
    assert.equal(String(Network.parse(text)), meant);
  });
}

for (
  const [text, message] of [
    ["10.1/16", /`10\.1\/16` is no network: write one such as 192\.0\.2\.0\/24/],
    ["010.0.0.0/8", /is no network: write one/],
    ["0x7f.1", /is no network: write one/],
    ["2130706433", /is no network: write one/],
    ["192.0.2.0/024", /write a number from 0 to 32 after the slash/],
    ["192.0.2.0/33", /write a number from 0 to 32 after the slash/],
    ["192.0.2.0/", /write a number from 0 to 32 after the slash/],
    ["192.0.2.0/255.255.255.0", /write a number from 0 to 32 after the slash/],
    ["::ffff:10.0.0.0/95", /write a number from 96 to 128 after the slash/],
    [
      "10.1.0.5/16",
      /behind the first 16: write 10\.1\.0\.0\/16, or 10\.1\.0\.5 for that address alone/,
    ],
    ["2001:db8::1/32", /write 2001:db8::\/32, or 2001:db8::1 for/],
    ["fe80::1%eth0", /is no network: write one/],
    ["192.0.2.0/24 ", /write a number/],
    [" 192.0.2.0/24", /is no network: write one/],
    ["", /is no network: write one/],
  ] as const
) {
  Deno.test(`Network.parse() refuses ${JSON.stringify(text)} and says how to write it`, () => {
    assert.throws(() => Network.parse(text), { name: "TypeError", message });
  });
}

Deno.test("isIn() knows addresses in all their forms", () => {
  const networks = ["10.0.0.0/8", "::ffff:192.0.2.0/120", "2001:db8::/32"].map(Network.parse);
  const inside = ["10.255.0.1", "::ffff:10.0.0.1", "192.0.2.77", "2001:db8:ffff::1"];
  const outside = ["11.0.0.1", "192.0.3.1", "2001:db9::1", "unix", "10.1", "::10.0.0.1"];
  assert.deepEqual(inside.map((address) => isIn(address, networks)), inside.map(() => true));
  assert.deepEqual(outside.map((address) => isIn(address, networks)), outside.map(() => false));
});

Deno.test("what is bigger than any private network is wide", () => {
  const wide = ["0.0.0.0/0", "128.0.0.0/1", "10.0.0.0/7", "::/0", "fc00::/6"];
  assert.deepEqual(wide.map((text) => Network.parse(text).isWide), wide.map(() => true));
  const small = ["10.0.0.0/8", "fc00::/7", "192.0.2.1"];
  assert.deepEqual(small.map((text) => Network.parse(text).isWide), small.map(() => false));
});

Deno.test("networkOf() counts a /64 of IPv6 as one, and an address of IPv4 as itself", () => {
  const host = { ipv4: 32, ipv6: 64 };
  assert.equal(networkOf("2001:db8:1:2:3:4:5:6", host), "2001:db8:1:2::/64");
  assert.equal(networkOf("fe80::1%eth0", host), "fe80::/64");
  assert.equal(networkOf("::ffff:192.0.2.1", host), "192.0.2.1");
  assert.equal(networkOf("unix", host), "unix");
});

Deno.test("parseIp() guesses nothing", () => {
  const bad = ["10.1", "010.0.0.1", "0x7f000001", "1.2.3.4.5", "256.0.0.1", "1::2::3", ""];
  assert.deepEqual(bad.map(parseIp), bad.map(() => undefined));
});
