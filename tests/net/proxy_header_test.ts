import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { peerAddress } from "../../src/base/ip.ts";
import { proxyHeader } from "../../src/net/proxy_header.ts";
import { Beginning, type Progress } from "../../src/net/read_proxy_header.ts";
import { binary, LOCAL, ON_UNIX, v1, v2 } from "./proxy_headers.ts";

const octets = (text: string): Uint8Array => Buffer.from(text, "latin1");

const ipv6 = fc.array(fc.nat(0xffff), { minLength: 8, maxLength: 8 })
  .map((groups) => groups.map((group) => group.toString(16)).join(":"));
const port = fc.nat(65535);
const header = fc.oneof(
  fc.tuple(fc.ipV4(), port).map(([address, port]) => ({
    written: v1("TCP4", address, port),
    client: { address, port },
  })),
  fc.tuple(ipv6, port).map(([address, port]) => ({
    written: v1("TCP6", address, port),
    client: { address: peerAddress(address), port },
  })),
  fc.tuple(fc.oneof(fc.ipV4(), ipv6), port, fc.array(fc.nat(255), { maxLength: 600 })).map(
    ([address, port, extensions]) => ({
      written: v2(address, port, extensions),
      client: { address: peerAddress(address), port },
    }),
  ),
);

/** What comes of octets that arrive in these pieces. */
function inPieces(whole: Uint8Array, sizes: readonly number[]): Progress {
  const beginning = new Beginning();
  for (let at = 0, n = 0; at < whole.length; n++) {
    const end = at + (sizes[n % sizes.length] ?? whole.length);
    const come = beginning.take(whole.subarray(at, end));
    at = end;
    if (come === undefined) continue;
    if ("fault" in come) return come;
    return { ...come, rest: Buffer.concat([come.rest, whole.subarray(at)]) };
  }
  return undefined;
}

Deno.test("proxyHeader() reads what another writer wrote, however it comes, and nothing behind it", () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 });
  fc.assert(fc.property(header, fc.uint8Array(), sizes, ({ written, client }, rest, sizes) => {
    const come = inPieces(Buffer.concat([written, rest]), sizes);
    assert.deepEqual(come, {
      header: { client, octets: written.length },
      rest: Buffer.from(rest),
    });
    for (let cut = 0; cut < written.length; cut++) {
      assert.equal(inPieces(written.subarray(0, cut), [cut]), undefined, String(cut));
    }
  }));
});

Deno.test("proxyHeader() takes random octets for what they are", () => {
  const begun = fc.constantFrom(
    ...[octets(""), octets("PROXY "), octets("PROXY TCP4 "), octets("PROXY UNKNOWN"), LOCAL],
    ...[LOCAL.subarray(0, 12), v2("192.0.2.1", 1).subarray(0, 14), ON_UNIX.subarray(0, 20)],
  );
  fc.assert(
    fc.property(begun, fc.uint8Array({ maxLength: 300 }), (begun, rest) => {
      const found = proxyHeader(Buffer.concat([begun, rest]));
      if (found !== "more" && !("fault" in found)) assert.ok(found.octets >= 15);
    }),
    { numRuns: 2000 },
  );
});

Deno.test("a proxy's own connection, and a client without an address, name nobody", () => {
  for (
    const whole of [
      LOCAL,
      binary(0x20, 0x11, [1, 2, 3]), // what LOCAL says besides is ignored
      binary(0x20, 0xff, []),
      binary(0x21, 0x00, []),
      binary(0x21, 0x00, [0x03, 0x00, 0x04, 1, 2, 3, 4]),
      ON_UNIX,
      octets("PROXY UNKNOWN\r\n"),
      octets("PROXY UNKNOWN 192.0.2.1 \xff whatever 1 2\r\n"),
      octets(`PROXY UNKNOWN ${"f".repeat(91)}\r\n`),
    ]
  ) {
    assert.deepEqual(proxyHeader(whole), { client: undefined, octets: whole.length });
  }
});

Deno.test("an IPv4 address that is written as IPv6 is the IPv4 address", () => {
  const mapped = "0:0:0:0:0:ffff:c000:201";
  for (const whole of [v1("TCP6", "::ffff:192.0.2.1", 7), v2(mapped, 7)]) {
    const client = { address: "192.0.2.1", port: 7 };
    assert.deepEqual(proxyHeader(whole), { client, octets: whole.length });
  }
});

Deno.test("a header of 65,551 octets is read without being kept", () => {
  const whole = v2("192.0.2.1", 4711, new Array(65535 - 12).fill(4));
  assert.equal(whole.length, 65551);
  const beginning = new Beginning();
  for (let at = 0; at < 65550; at++) {
    assert.equal(beginning.take(whole.subarray(at, at + 1)), undefined);
  }
  assert.deepEqual(beginning.take(Buffer.from("\x04EHLO")), {
    header: { client: { address: "192.0.2.1", port: 4711 }, octets: 65551 },
    rest: Buffer.from("EHLO"),
  });
});

const WRONG: readonly (string | Uint8Array)[] = [
  "EHLO client.example\r\n",
  "\r\n\r\n\0\r\nQUIT\r\n",
  "proxy TCP4 192.0.2.1 127.0.0.1 1 2\r\n",
  "PROXY tcp4 192.0.2.1 127.0.0.1 1 2\r\n",
  "PROXY  TCP4 192.0.2.1 127.0.0.1 1 2\r\n",
  "PROXY TCP4  192.0.2.1 127.0.0.1 1 2\r\n",
  "PROXY TCP4 192.0.2.1 127.0.0.1 1 2 \r\n",
  "PROXY TCP4 192.0.2.1 127.0.0.1 1 2 3\r\n",
  "PROXY TCP4 192.0.2.1 127.0.0.1 1\r\n",
  "PROXY\tTCP4 192.0.2.1 127.0.0.1 1 2\r\n",
  "PROXY TCP4 192.0.2.1 127.0.0.1 01 2\r\n",
  "PROXY TCP4 192.0.2.1 127.0.0.1 1 65536\r\n",
  "PROXY TCP4 192.0.2.1 127.0.0.1 -1 2\r\n",
  "PROXY TCP4 192.0.2.1 127.0.0.1 +1 2\r\n",
  "PROXY TCP4 192.0.2.1 127.0.0.1  2\r\n",
  "PROXY TCP4 192.0.2.1\u00a0127.0.0.1 1 2\r\n",
  "PROXY TCP4 192.0.2.01 127.0.0.1 1 2\r\n",
  "PROXY TCP4 192.0.2.256 127.0.0.1 1 2\r\n",
  "PROXY TCP4 192.0.2 127.0.0.1 1 2\r\n",
  "PROXY TCP4 0xC0000201 127.0.0.1 1 2\r\n",
  "PROXY TCP4 192.0.2.1 mx.example.net 1 2\r\n",
  "PROXY TCP4 2001:db8::1 ::1 1 2\r\n",
  "PROXY TCP4 ::ffff:192.0.2.1 ::1 1 2\r\n",
  "PROXY TCP6 192.0.2.1 127.0.0.1 1 2\r\n",
  "PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n",
  "PROXY TCP6 [::1] [::1] 1 2\r\n",
  "PROXY UDP4 192.0.2.1 127.0.0.1 1 2\r\n",
  "PROXY UNKNOWNS\r\n",
  "PROXY \r\n",
  `PROXY UNKNOWN ${"f".repeat(92)}\r\n`,
  `PROXY TCP4 ${" ".repeat(100)}\r\n`,
  binary(0x11, 0x11, new Array(12).fill(1)), // version 1
  binary(0x31, 0x11, new Array(12).fill(1)), // version 3
  binary(0x22, 0x11, new Array(12).fill(1)), // no such command
  binary(0x21, 0x12, new Array(12).fill(1)), // datagrams
  binary(0x21, 0x10, new Array(12).fill(1)),
  binary(0x21, 0x41, new Array(12).fill(1)), // no such family
  binary(0x21, 0x11, new Array(11).fill(1)), // shorter than the addresses
  binary(0x21, 0x21, new Array(12).fill(1)),
  binary(0x21, 0x31, new Array(36).fill(1)),
];

for (const wrong of WRONG) {
  const whole = typeof wrong === "string" ? octets(wrong) : wrong;
  const name = JSON.stringify(
    typeof wrong === "string" ? wrong.slice(0, 60) : [...whole].slice(12, 17),
  );
  Deno.test(`proxyHeader() refuses ${name}, whole or in pieces`, () => {
    for (const size of [1, 7, whole.length]) {
      assert.match(JSON.stringify(inPieces(whole, [size])), /"fault":/, String(size));
    }
  });
}
