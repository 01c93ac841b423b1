import assert from "node:assert/strict";
import { Network } from "../../src/base/ip.ts";
import { whyNotPublic } from "../../src/net/public_address.ts";

Deno.test("only addresses of the public Internet are public, in whatever notation", () => {
  for (const address of ["8.8.8.8", "2a00:1450::1", "::ffff:8.8.8.8", "2002:808:808::1"]) {
    assert.equal(whyNotPublic(address), undefined, address);
  }
  const others: Readonly<Record<string, RegExp>> = {
    "127.0.0.1": /^a loopback address$/,
    "::1": /loopback/,
    "::ffff:127.0.0.1": /^a loopback address$/,
    "::7f00:1": /not public/,
    "::ffff:0:7f00:1": /not public/,
    "2002:7f00:1::1": /^a loopback address in IPv6$/,
    "64:ff9b::a01:203": /^a private address in IPv6$/,
    "64:ff9b:1::808:808": /not public/,
    "2001:0:7f00:1::": /not public/,
    "10.1.2.3": /private/,
    "fd00::1": /private/,
    "100.64.0.1": /provider/,
    "169.254.169.254": /link-local/,
    "fe80::1": /link-local/,
    "0.0.0.0": /unspecified/,
    "::": /unspecified/,
    "224.0.0.1": /multicast/,
    "255.255.255.255": /not public/,
    "192.0.2.1": /not public/,
    "2001:db8::1": /not public/,
    "198.18.0.1": /not public/,
    "240.0.0.1": /not public/,
    "localhost": /no address/,
  };
  for (const [address, why] of Object.entries(others)) {
    assert.match(whyNotPublic(address) ?? "", why, address);
  }
});

Deno.test("networks are allowed by the address, and by the IPv4 address in it", () => {
  const allow = ["10.0.0.0/8", "fd00::/16"].map(Network.parse);
  for (const address of ["10.1.2.3", "::ffff:10.1.2.3", "64:ff9b::a01:203", "fd00::7"]) {
    assert.equal(whyNotPublic(address, allow), undefined, address);
  }
  assert.match(whyNotPublic("192.168.0.1", allow) ?? "", /private/);
});
