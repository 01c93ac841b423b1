import assert from "node:assert/strict";
import fc from "fast-check";
import { peerAddress } from "../../src/base/ip.ts";
import {
  type Attribute,
  type ClientDetails,
  parseClientDetails,
} from "../../src/smtp/client_details.ts";

const ALL: readonly Attribute[] = [
  ...["NAME", "ADDR", "PORT", "PROTO", "HELO", "LOGIN", "IDENT", "SOURCE"] as const,
  ...["DESTADDR", "DESTPORT", "REVERSE_NAME"] as const,
];

const parse = (argument: string) => parseClientDetails(argument, ALL);

/** Writes a value as RFC 3461 section 4 has it, apart from the reader. */
const xtext = (value: string): string =>
  Array.from(value, (character) => {
    const code = character.charCodeAt(0);
    const plain = code > 32 && code < 127 && character !== "+" && character !== "=";
    return plain ? character : `+${code.toString(16).toUpperCase().padStart(2, "0")}`;
  }).join("");

const word = fc.string({
  unit: fc.integer({ min: 33, max: 126 }).map((code) => String.fromCharCode(code)),
  minLength: 1,
})
  .filter((text) => !/^\[(temp)?unavail/i.test(text));
const ip = fc.oneof(fc.ipV4(), fc.ipV6());

Deno.test("parseClientDetails() reads what another writer wrote", () => {
  const details = fc.record({
    name: word,
    address: ip,
    port: fc.integer({ min: 1, max: 65535 }),
    protocol: fc.constantFrom("SMTP", "ESMTP"),
    helo: word,
    login: word,
    ident: word,
    source: fc.constantFrom("LOCAL", "REMOTE"),
  }, { requiredKeys: ["address"] });
  const names = { address: "ADDR", protocol: "PROTO" } as Record<string, string>;
  fc.assert(fc.property(details, fc.boolean(), (details, prefixed) => {
    const written = Object.entries(details).map(([detail, value]) => {
      const prefix = prefixed && detail === "address" && String(value).includes(":") ? "IPV6:" : "";
      return `${names[detail] ?? detail}=${prefix}${xtext(String(value))}`;
    });
    assert.deepEqual(parse(written.join(" ")), {
      ...details,
      address: peerAddress(details.address),
    });
  }));
});

Deno.test("parseClientDetails() never throws, and gives printable words only", () => {
  const likely = fc.array(fc.constantFrom(..."ADDR=NAME HELO+7F+00[]:.10"), { maxLength: 60 });
  fc.assert(
    fc.property(fc.oneof(fc.string(), likely.map((all) => all.join(""))), (text) => {
      const found = parse(text);
      for (const value of Object.values(found)) assert.match(String(value), /^[ -~]*$/);
    }),
    { numRuns: 2000 },
  );
});

const GOOD: readonly [string, ClientDetails][] = [
  ["addr=192.0.2.1", { address: "192.0.2.1" }],
  ["ADDR=::ffff:192.0.2.1 PORT=7", { address: "192.0.2.1", port: 7 }],
  ["ADDR=ipv6:2001:DB8::1", { address: "2001:db8::1" }],
  ["ADDR=[UNAVAILABLE] NAME=[tempunavail] LOGIN= HELO=a", { helo: "a" }],
  ["DESTADDR=192.0.2.9 DESTPORT=25 REVERSE_NAME=x", {}],
  ["HELO=a+20b+0D+0A+C3+A9", { helo: "a?b????" }],
  ["LOGIN=joe+2Blist+40example.net", { login: "joe+list@example.net" }],
  [" NAME=a   NAME=b ", { name: "b" }],
];

Deno.test("parseClientDetails() takes the forms that servers write", () => {
  for (const [argument, details] of GOOD) assert.deepEqual(parse(argument), details, argument);
});

Deno.test("parseClientDetails() says which attribute is wrong", () => {
  for (
    const [argument, reason] of [
      ["", /an attribute with its value is wanted/],
      ["ADDR", /an attribute that is not known/],
      ["SHOE=44", /an attribute that is not known/],
      ["toString=1", /an attribute that is not known/],
      ["ADDR=192.0.2.256", /ADDR is wrong/],
      ["ADDR=192.0.2.01", /ADDR is wrong/],
      ["ADDR=unix", /ADDR is wrong/],
      ["ADDR=fe80::1%eth0", /ADDR is wrong/],
      ["ADDR=mx.example.net", /ADDR is wrong/],
      ["PORT=0", /PORT is wrong/],
      ["PORT=65536", /PORT is wrong/],
      ["DESTPORT=x", /DESTPORT is wrong/],
      ["HELO=a+2", /HELO is wrong/],
      ["HELO=a+ZZ", /HELO is wrong/],
      ["SOURCE=ELSEWHERE", /SOURCE is wrong/],
      ["LOGIN=j+C3+B6rg", /LOGIN is wrong/],
    ] as const
  ) {
    const found = parse(argument);
    assert.ok("reason" in found && found.code === 501, argument);
    assert.match(found.reason, reason, argument);
  }
});
