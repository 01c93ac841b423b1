/**
 * Mailboxes and paths.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { isDomain, isMailDomain, Mailbox, parsePath, printPath } from "../../src/smtp/mailbox.ts";
import { STRICT, type Tolerance } from "../../src/smtp/tolerance.ts";
import { local, mailbox, path, printableText } from "./arbitraries.ts";

const parse = (path: string) => parsePath(path, 0);

/** A path → local part, domain, route. */
const GOOD: readonly [string, string, string, string?][] = [
  ["<joe@example.net>", "joe", "example.net"],
  ["<JOE@Example.NET>", "JOE", "Example.NET"],
  ["<joe.q.public@example.net>", "joe.q.public", "example.net"],
  ["<!#$%&'*+-/=?^_`{|}~@example.net>", "!#$%&'*+-/=?^_`{|}~", "example.net"],
  ['<"joe bloggs"@example.net>', "joe bloggs", "example.net"],
  ['<"joe"@example.net>', "joe", "example.net"],
  ['<"a\\"b\\\\c"@example.net>', 'a"b\\c', "example.net"],
  ['<"\\j\\o\\e"@example.net>', "joe", "example.net"],
  ['<"a@b"@example.net>', "a@b", "example.net"],
  ['<"<>"@example.net>', "<>", "example.net"],
  ['<".."@example.net>', "..", "example.net"],
  ['<""@example.net>', "", "example.net"],
  ["<joe@localhost>", "joe", "localhost"],
  ["<joe@1.2.3.4>", "joe", "1.2.3.4"],
  ["<joe@a--b.xn--n3h>", "joe", "a--b.xn--n3h"],
  ["<joe@[127.0.0.1]>", "joe", "[127.0.0.1]"],
  ["<joe@[255.255.255.255]>", "joe", "[255.255.255.255]"],
  ["<joe@[IPv6:::1]>", "joe", "[IPv6:::1]"],
  ["<joe@[ipv6:2001:db8::1]>", "joe", "[ipv6:2001:db8::1]"],
  ["<joe@[IPv6:::ffff:1.2.3.4]>", "joe", "[IPv6:::ffff:1.2.3.4]"],
  ["<joe@[x400:c=no/admd=telenor]>", "joe", "[x400:c=no/admd=telenor]"],
  ["<@a.example:joe@example.net>", "joe", "example.net", "a.example"],
  ["<@a.example,@[1.2.3.4]:joe@example.net>", "joe", "example.net", "a.example,[1.2.3.4]"],
  ["<postmaster>", "postmaster", ""],
  ["<PostMaster>", "PostMaster", ""],
  ["<postmaster@example.net>", "postmaster", "example.net"],
  ["<u%d@example.net>", "u%d", "example.net"],
  ["<d!u@example.net>", "d!u", "example.net"],
];

for (const [path, local, domain, route = ""] of GOOD) {
  Deno.test(`parsePath() takes ${path}`, () => {
    const parsed = parse(path);
    assert.ok("end" in parsed && parsed.mailbox !== null);
    assert.equal(parsed.end, path.length);
    assert.equal(parsed.mailbox.local, local);
    assert.equal(parsed.mailbox.domain, domain);
    assert.equal(parsed.mailbox.route.join(","), route);
  });
}

Deno.test("parsePath() takes the null path", () => {
  assert.deepEqual(parse("<>"), { mailbox: null, end: 2 });
});

Deno.test("parsePath() starts where it is told and leaves what follows", () => {
  assert.deepEqual(parsePath("x<a@b> SIZE=1", 1), {
    mailbox: new Mailbox("a", "b"),
    end: 6,
  });
});

const BAD: readonly string[] = [
  "",
  "joe@example.net",
  "<",
  "<joe@example.net",
  "< joe@example.net>",
  "<joe@example.net >",
  "<joe>",
  "<joe@>",
  "<@example.net>",
  "<joe.@example.net>",
  "<.joe@example.net>",
  "<jo..e@example.net>",
  "<jo e@example.net>",
  '<"joe@example.net>',
  '<"joe\\"@example.net>',
  '<"jo"e@example.net>',
  '<jo"e"@example.net>',
  '<"jo\te"@example.net>',
  '<"jo\r\ne"@example.net>',
  '<"jo\\\ne"@example.net>',
  "<joe@ example.net>",
  "<joe@example..net>",
  "<joe@.example.net>",
  "<joe@example.net.>",
  "<joe@-example.net>",
  "<joe@example-.net>",
  "<joe@exam_ple.net>",
  "<joe@a@b>",
  "<a,b@c>",
  "<(comment)joe@example.net>",
  "<joe@[1.2.3.4>",
  "<joe@[1.2.3.256]>",
  "<joe@[1.2.3]>",
  "<joe@[1.2.3.4.5]>",
  "<joe@[1.2.3.0x4]>",
  "<joe@[010.0.0.1]>",
  "<joe@[1.2.3.04]>",
  "<joe@[IPv6:::ffff:01.2.3.4]>",
  "<joe@[1.2.3.4]x>",
  "<joe@[]>",
  "<joe@[IPv6:]>",
  "<joe@[IPv6:1.2.3.4]>",
  "<joe@[IPv6:::1%eth0]>",
  "<joe@[IPv6:1:2:3:4:5:6:7:8:9]>",
  "<joe@[::1]>",
  "<joe@[tag:]>",
  "<joe@[tag-:x]>",
  "<joe@[:x]>",
  "<joe@[x:a b]>",
  "<joe@[x:a\\]]>",
  "<@a.example joe@example.net>",
  "<@a.example,joe@example.net>",
  "<@a.example,:joe@example.net>",
  "<@:joe@example.net>",
  "<@a.example:>",
  "<@a.example:postmaster>",
  "<a.example:joe@example.net>",
];

const TOLERANT: Tolerance = {
  ...STRICT,
  underscores: true,
  trailingDots: true,
  missingBrackets: true,
};

/** A path, what is tolerated of it, the mailbox, and what is behind it. */
const TOLERATED: readonly [string, keyof Tolerance, string, string?][] = [
  ["<joe@b_c.example>", "underscores", "joe@b_c.example"],
  ["<joe@_b.c_.example>", "underscores", "joe@_b.c_.example"],
  ["<@a_b:joe@example.net>", "underscores", "joe@example.net"],
  ["<joe@example.net.>", "trailingDots", "joe@example.net"],
  ["<joe@net.>", "trailingDots", "joe@net"],
  ["joe@example.net", "missingBrackets", "joe@example.net"],
  ["joe@example.net SIZE=1", "missingBrackets", "joe@example.net", " SIZE=1"],
  ['"a b"@[192.0.2.1] X', "missingBrackets", '"a b"@[192.0.2.1]', " X"],
  ["postmaster", "missingBrackets", "postmaster"],
];

for (const [path, breach, address, behind = ""] of TOLERATED) {
  Deno.test(`parsePath() takes ${path} only where it is tolerated`, () => {
    for (const tolerance of [{ ...STRICT, [breach]: true }, TOLERANT]) {
      const parsed = parsePath(path, 0, tolerance);
      assert.ok("end" in parsed);
      assert.equal(String(parsed.mailbox), address);
      assert.equal(path.slice(parsed.end), behind);
    }
    assert.ok("fault" in parse(path));
    assert.ok("fault" in parsePath(path, 0, { ...TOLERANT, [breach]: false }));
  });
}

const INTOLERABLE: readonly string[] = [
  "",
  "joe",
  "joe@",
  ">",
  "joe@example.net>",
  "<joe@example.net",
  "<joe@example.net..>",
  "<joe@.>",
  "<joe@..>",
  "<joe@[192.0.2.1].>",
  "<joe.@example.net>",
  "<postmaster.>",
  "<@a.example.:joe@example.net>",
  "joe@example.net,x@y",
  "Joe <joe@example.net>",
  "joe@example.net(x)",
  "<joe@-_.example>",
];

for (const path of INTOLERABLE) {
  Deno.test(`parsePath() takes ${JSON.stringify(path)} in no case`, () => {
    assert.ok("fault" in parsePath(path, 0, TOLERANT));
  });
}

Deno.test("a mailbox may have underscores in its domain; a domain by itself has none", () => {
  const mailbox = new Mailbox("joe", "b_c.example");
  assert.ok(Mailbox.parse(String(mailbox)).equals(mailbox));
  assert.deepEqual([isDomain("b_c.example"), isMailDomain("b_c.example")], [false, true]);
  assert.equal(isMailDomain("b_c.example."), false);
});

for (const path of BAD) {
  Deno.test(`parsePath() refuses ${JSON.stringify(path)}`, () => {
    const parsed = parse(path);
    assert.ok("fault" in parsed);
    assert.equal(parsed.fault.code, 501);
  });
}

const isGood = (path: string): boolean => "end" in parse(path);
/** A domain of so many octets. */
const long = (octets: number) => `${"abcdefg.".repeat(32)}`.slice(0, octets - 1) + "x";

Deno.test("a local part may have as many octets as fit in a path, its quotes among them", () => {
  assert.equal(isGood(`<${"x".repeat(252)}@b>`), true);
  assert.equal(isGood(`<${"x".repeat(253)}@b>`), false);
  assert.equal(isGood(`<"${" ".repeat(250)}"@b>`), true);
  assert.equal(isGood(`<"${" ".repeat(251)}"@b>`), false);
  const verp =
    "bounces+0123456789-list=subscriber.with.a.long.name=example.org-and-more@example.net";
  assert.equal(String(Mailbox.parse(verp)), verp);
});

Deno.test("a label may have 63 octets", () => {
  assert.equal(isGood(`<a@${"x".repeat(63)}.b>`), true);
  assert.equal(isGood(`<a@${"x".repeat(64)}.b>`), false);
});

Deno.test("a path may have 256 octets, its brackets and route among them (section 4.5.3.1.3)", () => {
  const path = (octets: number) => `<a@${long(octets - 4)}>`;
  assert.equal(path(256).length, 256);
  assert.equal(isGood(path(256)), true);
  assert.equal(isGood(path(257)), false);
  const routed = (octets: number) => `<@r:a@${long(octets - 7)}>`;
  assert.equal(isGood(routed(256)), true);
  assert.equal(isGood(routed(257)), false);
});

Deno.test("a domain or literal may have 255 octets (section 4.5.3.1.2)", () => {
  const literal = (octets: number) => `[x:${"y".repeat(octets - 4)}]`;
  for (const domain of [long, literal]) {
    assert.equal(domain(255).length, 255);
    assert.equal(isDomain(domain(255)), true);
    assert.equal(isDomain(domain(256)), false);
  }
});

const CLASSES: readonly [string, (char: string) => string, RegExp][] = [
  ["Let-dig", (char) => `<a@${char}>`, /[0-9A-Za-z]/],
  ["atext", (char) => `<x${char}@b>`, /[0-9A-Za-z!#$%&'*+\-/=?^_`{|}~]/],
  ["qtextSMTP", (char) => `<"${char}"@b>`, /[\x20-\x21\x23-\x5b\x5d-\x7e]/],
  ["quoted-pairSMTP", (char) => `<"\\${char}"@b>`, /[\x20-\x7e]/],
  ["dcontent", (char) => `<a@[x:${char}]>`, /[\x21-\x5a\x5e-\x7e]/],
];

for (const [name, pathOf, pattern] of CLASSES) {
  Deno.test(`parsePath() takes ${name}, and nothing beyond it in ASCII`, () => {
    for (let code = 0; code < 128; code++) {
      const char = String.fromCharCode(code);
      assert.equal(isGood(pathOf(char)), pattern.test(char), `${code}`);
    }
  });
}

Deno.test("isDomain() is not fooled by what looks like ASCII", () => {
  for (const domain of ["example\uff0enet", "b\u3002c", "\u212a", "\ue000.b", "", "a\0", "a\n"]) {
    assert.equal(isDomain(domain), false, domain);
  }
});

Deno.test("new Mailbox() throws for what cannot go over the wire", () => {
  const bad: readonly [string, string, string[]?][] = [
    ["joe\r\n", "example.net"],
    ["joe", "example.net>\r\nRCPT TO:<x"],
    ["joe", ""],
    ["joe", "example.net", ["bad domain"]],
    ["postmaster", "", ["a.example"]],
    ["x".repeat(250), "example.net"],
    ['"'.repeat(122), "example.net"], // 246 octets when it is quoted
    ["x".repeat(64), long(190)],
  ];
  for (const [local, domain, route] of bad) {
    assert.throws(() => new Mailbox(local, domain, route), TypeError, `${local}@${domain}`);
  }
});

Deno.test("Mailbox.tryParse() takes an address and nothing around it", () => {
  assert.equal(Mailbox.tryParse('"joe bloggs"@example.net')?.local, "joe bloggs");
  assert.equal(Mailbox.tryParse("Postmaster")?.domain, "");
  for (
    const bad of ["", "joe", "<joe@b>", "joe@b>", "joe@b> SIZE=1", "joe@b ", "joe\uff20b"]
  ) {
    assert.equal(Mailbox.tryParse(bad), undefined, bad);
  }
});

Deno.test("Mailbox.parse() throws with the address in the message", () => {
  assert.throws(() => Mailbox.parse("jo\ne"), { name: "TypeError", message: /^"jo\\ne" is not a/ });
});

Deno.test("toString() quotes what needs it, and only that", () => {
  for (
    const address of ["joe@b.c", '"joe bloggs"@b', '"a\\"b\\\\"@b', '".a"@b', '""@b', "postmaster"]
  ) {
    assert.equal(String(Mailbox.parse(address)), address);
  }
  assert.equal(String(Mailbox.parse('"j\\oe"@b')), "joe@b");
  assert.equal(JSON.stringify(Mailbox.parse("@r:joe@b")), '"joe@b"');
});

Deno.test("printing a path is undone by parsing it", () => {
  fc.assert(fc.property(path, (mailbox) => {
    const printed = printPath(mailbox);
    assert.deepEqual(parse(printed), { mailbox, end: printed.length });
  }));
});

Deno.test("printing an address is undone by parsing it, but for its route", () => {
  fc.assert(fc.property(mailbox, (mailbox) => {
    assert.deepEqual(
      Mailbox.parse(mailbox.toString()),
      new Mailbox(mailbox.local, mailbox.domain),
    );
  }));
});

Deno.test("what the parser takes is printed as a path it takes for the same", () => {
  const inside = fc.string({ unit: fc.constantFrom(...'aB.@"\\ <>[]:,1-%!') });
  fc.assert(
    fc.property(fc.oneof(inside, printableText, inside.map((s) => `"${s}"@b`)), (inside) => {
      const parsed = parse(`<${inside}>`);
      if ("fault" in parsed) return;
      const again = parse(printPath(parsed.mailbox));
      assert.ok("end" in again);
      assert.deepEqual(again.mailbox, parsed.mailbox);
    }),
    { numRuns: 2000 },
  );
});

Deno.test("any local part of printable ASCII can be a mailbox, and is read again as it is printed", () => {
  fc.assert(fc.property(local, (local) => {
    const printed = String(new Mailbox(local, "b")).slice(0, -2);
    assert.equal(String(Mailbox.parse(`${printed}@b`)), `${printed}@b`);
  }));
});

const EQUAL: readonly [string, string, boolean][] = [
  ["joe@b.c", "joe@B.C", true],
  ["joe@b.c", "Joe@b.c", false],
  ["joe@b.c", '"joe"@b.c', true],
  ["joe@b.c", '"\\joe"@b.c', true],
  ["@r:joe@b.c", "joe@b.c", true],
  ["joe@[IPv6:::1]", "joe@[ipv6:::1]", true],
  ["joe@b.c", "joe@b", false],
  ["postmaster", "POSTMASTER", true],
  ["postmaster", "postmaster@b", false],
  ['"a@b"@c', '"a"@c', false],
];

for (const [a, b, equal] of EQUAL) {
  Deno.test(`${a} is ${equal ? "" : "not "}the same mailbox as ${b}`, () => {
    const [left, right] = [Mailbox.parse(a), Mailbox.parse(b)];
    assert.equal(left.equals(right), equal);
    assert.equal(right.equals(left), equal);
    assert.equal(left.key === right.key, equal);
  });
}

Deno.test("no mailbox equals the null path", () => {
  assert.equal(Mailbox.parse("postmaster").equals(null), false);
  assert.equal(Mailbox.parse("joe@b").equals(undefined), false);
});

Deno.test("mailboxes are equal exactly when local part and domain are", () => {
  const few = fc.tuple(
    fc.constantFrom("a", "A", "a@b", '"', "", "postmaster"),
    fc.constantFrom("b", "B", "b.c", "[1.2.3.4]"),
  ).map(([local, domain]) => new Mailbox(local, domain));
  fc.assert(fc.property(few, few, (a, b) => {
    const same = a.local === b.local && a.domain.toLowerCase() === b.domain.toLowerCase();
    assert.equal(a.equals(b), same);
    assert.equal(a.key === b.key, same);
  }));
});
