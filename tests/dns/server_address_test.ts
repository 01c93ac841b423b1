import assert from "node:assert/strict";
import { parseDnsServer, parseResolvConf, printDnsServer } from "../../src/dns/server_address.ts";

Deno.test("parseDnsServer() and printDnsServer() are inverse", () => {
  for (const text of ["192.0.2.53", "192.0.2.53:5353", "2001:db8::53", "[2001:db8::53]:5353"]) {
    assert.equal(printDnsServer(parseDnsServer(text)), text);
  }
  for (
    const text of [
      "",
      "ns.example.net",
      "192.0.2.53:0",
      "192.0.2.53:99999",
      "[192.0.2.1]:53",
      "::1:x",
    ]
  ) {
    assert.throws(() => parseDnsServer(text), /is no DNS server: write its address/, text);
  }
});

Deno.test("parseResolvConf() reads servers and options, and skips the rest", () => {
  const text = "# a comment\nsearch example.net\nnameserver 192.0.2.53 ; the first\n" +
    "nameserver 2001:db8::53\nnameserver nonsense\noptions timeout:3 rotate attempts:4\n";
  assert.deepEqual(parseResolvConf(text), {
    servers: [{ address: "192.0.2.53", port: 53 }, { address: "2001:db8::53", port: 53 }],
    timeout: 3000,
    attempts: 4,
  });
  assert.deepEqual(parseResolvConf(""), { servers: [], timeout: undefined, attempts: undefined });
});
