import { deepEqual } from "node:assert/strict";
import { Buffer } from "node:buffer";
import { authorDomains, exactAuthorDomains } from "../../src/authenticity/author_domains.ts";

const domainsOf = (...fields: string[]) =>
  authorDomains(fields.map((one) => Buffer.from(one).toString("latin1")));

const CASES: Readonly<Record<string, readonly [from: string, ...domains: string[]]>> = {
  "an address": ["joe@Example.NET", "example.net"],
  "a name and an address": [" Joe <joe@example.net>\r\n", "example.net"],
  "folded": ["\r\n Joe\r\n\t<joe@example.net>", "example.net"],
  "two addresses": ["joe@good.example, x@evil.example", "good.example", "evil.example"],
  "a group": ["Team: a@good.example, b@evil.example;", "good.example", "evil.example"],
  "an empty group": ["Undisclosed:;"],
  "a name that looks like an address": ['"joe@good.example" <x@evil.example>', "evil.example"],
  "such a name with a quote in it": ['"\\"joe@good.example" <x@evil.example>', "evil.example"],
  "such a name without quotes": [
    "joe@good.example <x@evil.example>",
    ...["good.example", "evil.example"],
  ],
  "such a name in an encoded word": [
    "=?utf-8?q?joe=40good=2Eexample?= <x@evil.example>",
    "evil.example",
  ],
  "nothing but an encoded word": ["=?utf-8?q?joe=40good=2Eexample?=", "good.example"],
  "nothing but a quoted string": ['"joe@good.example"', "good.example"],
  "nothing but a comment": ["(joe@good.example)", "good.example"],
  "an address in a comment": ["x@evil.example (joe@good.example)", "evil.example"],
  "a comment that hides brackets": [
    "joe@good.example (<x@evil.example>)",
    "good.example",
  ],
  "a quote without an end": ['" <joe@good.example>', "good.example"],
  "a comment without an end": ["( <joe@good.example>", "good.example"],
  "a quoted local part": ['"x@evil.example"@good.example', "good.example"],
  "two at signs": ["joe@good.example@evil.example", "good.example", "evil.example"],
  "a route": ["<@a.example,@b.example:joe@c.example>", "a.example", "b.example", "c.example"],
  "white space in an address": ["joe @ good . example", "good", "good.example"],
  "a comment in an address": ["joe@(x)good(y).example", "good", "good.example"],
  "a final dot": ["joe@good.example.", "good.example"],
  "U-labels": ["joe@b\u00fccher.example", "xn--bcher-kva.example"],
  "A-labels": ["joe@XN--bcher-kva.example", "xn--bcher-kva.example"],
  "a domain with a character that nobody sees": [
    "joe@good.example\u200b",
    ...["good.example\u200b", "good.example"],
  ],
  "a domain with a soft hyphen": [
    "joe@go\u00adod.example",
    ...["go\u00adod.example", "good.example"],
  ],
  "a domain with a dot of full width": [
    "joe@good\u3002example",
    ...["good\u3002example", "good.example"],
  ],
  "a domain with letters of full width": [
    "joe@\uff47ood.example",
    ...["\uff47ood.example", "good.example"],
  ],
  "a domain with a quote behind it": ["joe@good.example'", "good.example'", "good.example"],
  "a domain with a NUL in it": ["joe@good\0.example", "good\0.example", "good.example"],
  "a domain with two final dots": ["joe@good.example..", "good.example.", "good.example"],
  "an address literal": ["joe@[192.0.2.1]"],
  "no domain": ["joe"],
  "nothing": [""],
  "empty brackets": ["Joe <>"],
};

for (const [what, [from, ...domains]] of Object.entries(CASES)) {
  Deno.test(`authorDomains() finds the domains of ${what}`, () => {
    deepEqual(domainsOf(from), domains);
  });
}

Deno.test("exactAuthorDomains() names no domain that is only looked like, and none of a mere text", () => {
  const exact = (from: string) => exactAuthorDomains([Buffer.from(from).toString("latin1")]);
  for (const [what, [from, ...domains]] of Object.entries(CASES)) {
    const isText = what.startsWith("nothing but");
    deepEqual(
      exact(from),
      isText ? [] : domains.slice(0, /^a domain with/.test(what) ? 0 : 9),
      what,
    );
  }
});

Deno.test("authorDomains() reads all fields, and names each domain once", () => {
  deepEqual(domainsOf("a@x.example", "b@y.example, c@X.example"), ["x.example", "y.example"]);
  deepEqual(domainsOf(), []);
});

Deno.test("authorDomains() reads hostile fields of a megabyte", () => {
  for (
    const part of ["(", '"', '\\"', "@", "@ ", "@a .", "@a. ", "<", "a@b,", "=?", "(()", '"\\']
  ) {
    domainsOf(part.repeat(1_000_000 / part.length));
  }
});
