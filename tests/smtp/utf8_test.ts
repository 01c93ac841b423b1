/**
 * Addresses beyond ASCII.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { encode, isWellFormed } from "../../src/smtp/ascii.ts";
import { parseCommand } from "../../src/smtp/command.ts";
import { asciiName } from "../../src/smtp/idna.ts";
import { Mailbox, parsePath, printPath } from "../../src/smtp/mailbox.ts";
import { isHarmless, isLocalPart } from "../../src/smtp/unicode.ts";
import { bytesOf } from "./arbitraries.ts";

const GOOD: readonly string[] = [
  "jörg@example.net",
  "joe@bücher.example",
  "jörg@BÜCHER.example",
  '"jö rg"@example.net',
  "用户@例子.广告",
  "अजय@डाटा.भारत",
  "квіточка@пошта.укр",
  "θσερ@εχαμπλε.ψομ",
  "Dörte@Sörensen.example.com",
  "جست\u200cوجو@example.net", // Persian joins words without a space
  "joe@क्\u200dष.example",
  "joe@faß.example",
  "joe@אבג.example",
  "joe@_sub.bücher.example",
  "o\u0308@example.net", // not composed, as macOS has it
  "joe@u\u0308ber.example",
  "𝒿@example.net",
];

for (const address of GOOD) {
  Deno.test(`${address} is a mailbox, and is printed as it was`, () => {
    const mailbox = Mailbox.parse(address);
    assert.equal(String(mailbox), address);
    assert.equal(mailbox.isAscii, false);
    assert.match(mailbox.key.slice(mailbox.key.lastIndexOf("@")), /^@[!-~]+$/);
  });
}

/** What no address has, by what it is. */
const HARMFUL: Readonly<Record<string, string>> = {
  "NUL": "\0",
  "a C1 control": "\x85",
  "a soft hyphen": "\xad",
  "a zero width space": "\u200b",
  "a byte order mark": "\ufeff",
  "a mark of direction": "\u200e",
  "an override of direction": "\u202e",
  "an isolate": "\u2066",
  "an Arabic letter mark": "\u061c",
  "a line separator": "\u2028",
  "a paragraph separator": "\u2029",
  "a space that does not break": "\xa0",
  "an ideographic space": "\u3000",
  "a Hangul filler": "\u3164",
  "a variation selector": "\ufe0f",
  "a tag": "\u{e0041}",
  "a private character": "\ue000",
  "an unassigned character": "\u0378",
  "a noncharacter": "\uffff",
  "half of a surrogate pair": "\ud800",
  "a replacement character": "\ufffd",
  "a Kelvin sign": "\u212a",
  "a Greek question mark": "\u037e",
  "a stray joiner": "\u200d",
};

for (const [name, char] of Object.entries(HARMFUL)) {
  Deno.test(`${name} is in no address`, () => {
    for (
      const address of [
        ...[`j${char}@example.net`, `j${char}a@example.net`, `"j${char}"@example.net`],
        ...[`joe@b${char}.example`, `joe@ü${char}b.example`, `@${char}r:joe@b.example`],
      ]
    ) assert.equal(Mailbox.tryParse(address), undefined, JSON.stringify(address));
    assert.throws(() => new Mailbox(`j${char}`, "example.net"), TypeError);
    assert.throws(() => new Mailbox("joe", `b${char}ü.example`), TypeError);
    assert.equal(isHarmless(char), false);
  });
}

/** Characters that some program makes an `@`, a dot or other punctuation of. */
const LOOK_ALIKES = "\uff20\ufe6b\uff0e\u2024\ufe52\u2026\uff0f\u2100\uff1c\uff02\u1fef";

Deno.test("nothing that looks like ASCII punctuation is in a local part or a label", () => {
  for (const char of LOOK_ALIKES) {
    for (const address of [`joe${char}b@example.net`, `joe@b${char}ü.example`, `joe${char}b`]) {
      assert.equal(Mailbox.tryParse(address), undefined, JSON.stringify(address));
    }
  }
  for (const dot of "\u3002\uff61\uff0e") {
    assert.equal(Mailbox.tryParse(`joe@bücher${dot}example`), undefined);
    assert.equal(Mailbox.tryParse(`joe@b${dot}example`), undefined);
  }
});

const NO_DOMAINS: readonly string[] = [
  "\u0301a.example", // begins with a mark
  "-ü.example",
  "ü-.example",
  "ab--ü.example",
  "xn--ü.example",
  "ü_b.example",
  "Ⅳ.example",
  "ﬁü.example",
  "aא.example", // two directions in one label
  "1א.example",
  "ü..example",
  `${"ü".repeat(63)}.example`,
  `${"ü".repeat(50)}.`.repeat(6) + "example",
  "[ü]",
];

for (const domain of NO_DOMAINS) {
  Deno.test(`${JSON.stringify(domain)} is no domain`, () => {
    assert.equal(Mailbox.tryParse(`joe@${domain}`), undefined);
  });
}

const SAME: readonly [string, string, boolean][] = [
  ["joe@bücher.example", "joe@xn--bcher-kva.example", true],
  ["joe@BÜCHER.example", "joe@XN--BCHER-KVA.EXAMPLE", true],
  ["joe@u\u0308ber.example", "joe@über.example", true],
  ["joe@faß.example", "joe@fass.example", false],
  ["joe@xn--a.example", "joe@a.example", false],
  ["j\u00f6@b.example", "jo\u0308@b.example", true],
  ["jö@b.example", "JÖ@b.example", false],
  ["jö@b.example", "jo@b.example", false],
  ['"jö"@b.example', "jö@b.example", true],
];

for (const [one, other, same] of SAME) {
  Deno.test(`${one} is ${same ? "" : "not "}the same mailbox as ${other}`, () => {
    assert.equal(Mailbox.parse(one).equals(Mailbox.parse(other)), same);
  });
}

Deno.test("limits are counted in octets of UTF-8", () => {
  const path = (octets: number) => `<${"ü".repeat(119)}${"x".repeat(octets - 242)}@b>`;
  assert.equal(encode(path(256)).length, 256);
  assert.ok("end" in parsePath(path(256), 0));
  assert.ok("fault" in parsePath(path(257), 0));
  assert.ok("fault" in parsePath(`<${"ü".repeat(240)}>`, 0, undefined, "example.net"));
});

const parse = (line: string) => parseCommand(encode(line));

Deno.test("only commands with addresses may be more than ASCII", () => {
  for (const line of ["NOOP ü", "HELP ü", "EHLO bücher.example", "ÜBER x", "QUIT ü", "RSETü"]) {
    const parsed = parse(line);
    assert.ok("fault" in parsed && parsed.fault.code === 500, line);
  }
  assert.ok("utf8" in parse("mail FROM:<jörg@b.example>"));
  assert.ok("utf8" in parse("RCPT TO:<joe@b.example> ORCPT=utf-8;ü@b"));
  assert.ok(!("utf8" in parse("RCPT TO:<joe@b.example>")));
});

Deno.test("VRFY and EXPN take a name beyond ASCII with SMTPUTF8 behind it", () => {
  for (const verb of ["VRFY", "EXPN"] as const) {
    assert.deepEqual(parse(`${verb} jörg SMTPUTF8`), { verb, argument: "jörg" });
    assert.deepEqual(parse(`${verb} joe smtputf8`), { verb, argument: "joe" });
    assert.deepEqual(parse(`${verb} SMTPUTF8`), { verb, argument: "SMTPUTF8" });
    const bare = parse(`${verb} jörg`);
    assert.ok("fault" in bare && bare.fault.code === 553 && bare.fault.enhanced === "5.6.7");
  }
});

/** Octets that are no UTF-8, by what they are. */
const MALFORMED: Readonly<Record<string, string>> = {
  "an overlong @": "\xc1\x80",
  "an overlong dot of three octets": "\xe0\x80\xae",
  "an overlong NUL": "\xc0\x80",
  "an overlong CR of four octets": "\xf0\x80\x80\x8d",
  "a surrogate": "\xed\xa0\x80",
  "a surrogate pair": "\xed\xa0\xbd\xed\xb8\x80",
  "beyond U+10FFFF": "\xf4\x90\x80\x80",
  "five octets": "\xf8\x88\x80\x80\x80",
  "a cut character": "\xe2\x82",
  "a lone continuation": "\x80",
  "Latin-1": "\xe9",
};

for (const [name, octets] of Object.entries(MALFORMED)) {
  Deno.test(`a command with ${name} is refused`, () => {
    assert.equal(isWellFormed(bytesOf(octets)), false);
    for (
      const line of [
        ...[`MAIL FROM:<j${octets}@b.example> SMTPUTF8`, `RCPT TO:<joe@${octets}.example>`],
        ...[`RCPT TO:<joe@b.example> ORCPT=utf-8;${octets}`, `VRFY ${octets} SMTPUTF8`],
      ]
    ) {
      const parsed = parseCommand(bytesOf(line));
      assert.ok("fault" in parsed && parsed.fault.code === 500, line);
    }
  });
}

const anyText = fc.string({ unit: "binary" });
const manyScripts = fc.string({
  unit: fc.constantFrom(...'aZ.@"\\ -_ßüÜо用\u0308\u200dשع१＠。․K<>'),
});

Deno.test("what is read as a mailbox is printed as it is read again, and has no octet that means something else", () => {
  const inside = fc.oneof(anyText, manyScripts).chain((local) =>
    fc.oneof(anyText, manyScripts).map((domain) => [local, `${local}@${domain}`, `"${local}"@b`])
  );
  fc.assert(
    fc.property(inside, (texts) => {
      for (const text of texts) {
        const mailbox = Mailbox.tryParse(text);
        if (mailbox === undefined) continue;
        const printed = String(mailbox);
        assert.ok(mailbox.equals(Mailbox.parse(printed)));
        assert.ok(new Mailbox(mailbox.local, mailbox.domain).equals(mailbox));
        assert.ok(isWellFormed(encode(printPath(mailbox))) && printed.isWellFormed());
        const separators = (s: string) => s.replace(/[^@.]/g, "");
        for (const form of ["NFC", "NFKC"]) {
          assert.equal(separators(mailbox.local.normalize(form)), separators(mailbox.local));
        }
        const ascii = asciiName(mailbox.domain)!;
        assert.equal(separators(ascii), separators(mailbox.domain));
        assert.equal(asciiName(ascii), ascii);
        assert.ok(mailbox.equals(new Mailbox(mailbox.local.normalize("NFC"), ascii)));
      }
    }),
    { numRuns: 3000 },
  );
});

Deno.test("no character becomes ASCII in the form in which local parts are compared", () => {
  for (let code = 0x80; code <= 0x10ffff; code++) {
    const char = String.fromCodePoint(code);
    const isAsciiThen = /[\0-\x7f]/.test(char.normalize("NFC"));
    if (isAsciiThen) assert.equal(isLocalPart(`a${char}`), false, code.toString(16));
    if (/[@.]/.test(char.normalize("NFKC"))) assert.equal(isLocalPart(`a${char}`), false);
  }
});

Deno.test("a command that is taken is well-formed and harmless, whatever octets are put into it", () => {
  const commands = [
    "MAIL FROM:<jö#@b.example> SMTPUTF8",
    "RCPT TO:<jö@#ü.example>",
    "VRFY ü# SMTPUTF8",
  ]
    .map((line) => encode(line));
  const hostile = fc.oneof(
    fc.uint8Array({ maxLength: 5 }),
    fc.constantFrom(
      ...Object.values(MALFORMED).map(bytesOf),
      ...Object.values(HARMFUL).map(encode),
    ),
    anyText.map(encode),
  );
  fc.assert(
    fc.property(fc.constantFrom(...commands), hostile, (line, octets) => {
      const place = line.indexOf(0x23);
      const whole = Uint8Array.of(
        ...line.subarray(0, place),
        ...octets,
        ...line.subarray(place + 1),
      );
      const parsed = parseCommand(whole);
      if (!("verb" in parsed)) return;
      const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(whole);
      assert.ok(isHarmless(text), JSON.stringify(text));
      assert.doesNotMatch(text, /[\p{Cc}\p{Cn}\p{Cs}\p{Co}\u202a-\u202e\u2066-\u2069]/u);
    }),
    { numRuns: 3000 },
  );
});
