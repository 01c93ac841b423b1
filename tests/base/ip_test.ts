import assert from "node:assert/strict";
import fc from "fast-check";
import {
  hostOf,
  isIn,
  isIpv6,
  isLocal,
  isNumeric,
  Network,
  networkOf,
  parseIp,
  peerAddress,
} from "../../src/base/ip.ts";

const NO_ADDRESSES: readonly string[] = [
  ...["", " ", "1", "10", "1.2", "1.2.3", "1.2.3.4.5", "1.2.3.4.", ".1.2.3.4", "1..2.3"],
  ...["010.0.0.1", "1.2.3.04", "00.0.0.0", "0x7f.0.0.1", "0x7f.1", "127.1", "2130706433"],
  ...[
    "1.2.3.256",
    "1.2.3.-4",
    "+1.2.3.4",
    "1.2.3.4 ",
    " 1.2.3.4",
    "1.2.3.4\n",
    "١.1.1.1",
    "1e1.1.1.1",
  ],
  ...[":", ":::", "1::2::3", "::12345", "::g", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "[::1]"],
  ...["::ffff:1.2.3", "::ffff:01.2.3.4", "::ffff:0x1.2.3.4", "1:2:3:4:5:6:7:1.2.3.4"],
  ...["fe80::1%eth0", "::1%", "unix", "localhost", "1.2.3.4/32"],
];

Deno.test("parseIp() takes the standard notations only", () => {
  for (const text of NO_ADDRESSES) assert.equal(parseIp(text), undefined, text);
  const addresses = {
    "192.0.2.1": "192.0.2.1",
    "0.0.0.0": "0.0.0.0",
    "255.255.255.255": "255.255.255.255",
    "2001:DB8:0:0::0001": "2001:db8::1",
    "::": "::",
    "1:2:3:4:5:6:192.0.2.1": "1:2:3:4:5:6:c000:201",
    "::ffff:192.0.2.1": "192.0.2.1",
    "0:0:0:0:0:FFFF:c000:0201": "192.0.2.1",
    "::192.0.2.1": "::c000:201",
  };
  for (const [text, printed] of Object.entries(addresses)) {
    assert.equal(parseIp(text)?.toString(), printed);
  }
});

Deno.test("parseIp() reads what it prints", () => {
  fc.assert(fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
    const printed = parseIp(text)!.toString();
    assert.equal(parseIp(printed)?.toString(), printed);
  }));
});

Deno.test("Network.parse() takes the standard notations only, and says how to write them", () => {
  const networks = {
    "10.1.0.0/16": "10.1.0.0/16",
    "0.0.0.0/0": "0.0.0.0/0",
    "192.0.2.1": "192.0.2.1",
    "192.0.2.1/32": "192.0.2.1",
    "2001:DB8::/32": "2001:db8::/32",
    "::/0": "::/0",
    "::1": "::1",
    "::ffff:10.0.0.0/104": "10.0.0.0/8",
    "::ffff:0:0/96": "0.0.0.0/0",
    "::ffff:192.0.2.1": "192.0.2.1",
  };
  for (const [text, printed] of Object.entries(networks)) {
    assert.equal(Network.parse(text).toString(), printed);
  }
  const mistakes: Readonly<Record<string, RegExp>> = {
    "10.1/16": /no network: write one such as 192\.0\.2\.0\/24/,
    "010.0.0.0/8": /without leading zeros/,
    "0x7f.1": /no network/,
    "10.1.0.0/016": /no network/,
    "10.1.0.0/": /no network/,
    "10.1.0.0/+16": /no network/,
    "10.1.0.0/1e1": /no network/,
    "10.1.0.0/16/16": /no network/,
    "10.1.0.0/255.255.0.0": /no network/,
    "fe80::%eth0/64": /no network/,
    "10.1.0.0/33": /has only 32 bits: write \/32 or less/,
    "2001:db8::/129": /has only 128 bits/,
    "10.1.0.5/16": /write 10\.1\.0\.0\/16 for all of it/,
    "2001:db8::1/32": /write 2001:db8::\/32/,
    "::ffff:10.0.0.1/104": /write 10\.0\.0\.0\/8 for all of it/,
    "::ffff:0:0/95": /write ::fffe:0:0\/95/,
  };
  for (const [text, message] of Object.entries(mistakes)) {
    assert.throws(() => Network.parse(text), { name: "TypeError", message }, text);
  }
  for (const text of NO_ADDRESSES.filter((one) => !one.includes("/"))) {
    assert.throws(() => Network.parse(text), TypeError, text);
    assert.throws(() => Network.parse(`${text}/8`), TypeError, text);
  }
});

Deno.test("isIn() finds an IPv4 address in a network however both are written", () => {
  const within = (address: string, ...networks: string[]) =>
    isIn(address, networks.map(Network.parse));
  assert.ok(within("10.1.2.3", "192.0.2.0/24", "10.0.0.0/8"));
  assert.ok(within("::ffff:10.1.2.3", "10.0.0.0/8"));
  assert.ok(within("10.1.2.3", "::ffff:10.0.0.0/104"));
  assert.ok(within("2001:db8:0:1::2", "2001:db8::/48"));
  assert.ok(!within("11.1.2.3", "10.0.0.0/8"));
  assert.ok(!within("10.1.2.3", "::/0"), "all of IPv6");
  assert.ok(!within("::10.1.2.3", "10.0.0.0/8"), "another address");
  assert.ok(!within("2001:db8::1", "0.0.0.0/0"), "all of IPv4");
  assert.ok(!within("unix", "0.0.0.0/0", "::/0"));
  assert.ok(!within("010.1.2.3", "0.0.0.0/0", "::/0"));
});

Deno.test("hostOf() takes a /64 network of IPv6 for one client", () => {
  assert.equal(hostOf("192.0.2.1"), "192.0.2.1");
  assert.equal(hostOf("::ffff:192.0.2.1"), "192.0.2.1");
  assert.equal(hostOf("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
  assert.equal(hostOf("2001:db8:1:2::"), hostOf("2001:DB8:1:2:ffff::1"));
  assert.notEqual(hostOf("2001:db8:1:2::1"), hostOf("2001:db8:1:3::1"));
  assert.equal(hostOf("unix"), "unix");
  assert.equal(networkOf("192.0.2.77", { ipv4: 24, ipv6: 48 }), "192.0.2.0/24");
  assert.equal(networkOf("2001:db8:1:2::1", { ipv4: 24, ipv6: 48 }), "2001:db8:1::/48");
});

Deno.test("peerAddress() names the peer of a socket in one way", () => {
  assert.equal(peerAddress("::ffff:192.0.2.1"), "192.0.2.1");
  assert.equal(peerAddress("::ffff:c000:201"), "192.0.2.1");
  assert.equal(peerAddress("fe80::1%eth0"), "fe80::1");
  assert.equal(peerAddress("2001:DB8:0::1"), "2001:db8::1");
  for (const address of ["127.9.9.9", "::1", "::ffff:127.0.0.1", "unix"]) {
    assert.ok(isLocal(address));
  }
  for (const address of ["192.0.2.1", "fd00::1", "fe80::1%eth0"]) assert.ok(!isLocal(address));
});

Deno.test("isNumeric() finds what inet_aton() takes for an address, isIpv6() one in that notation", () => {
  for (const name of ["1", "127.1", "010.0.0.1", "0x7f.1", "0X7F000001", "1.2.3.4."]) {
    assert.ok(isNumeric(name), name);
  }
  for (const name of ["", "a", "1.example.net", "0xg", "1..2"]) assert.ok(!isNumeric(name), name);
  assert.ok(isIpv6("::ffff:1.2.3.4") && !isIpv6("1.2.3.4") && !isIpv6("a:b"));
});
