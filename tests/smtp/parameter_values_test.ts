/**
 * The values of parameters, good and bad, against the standards' own grammars.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { encode } from "../../src/smtp/ascii.ts";
import { parseCommand } from "../../src/smtp/command.ts";
import { isFault } from "../../src/smtp/fault.ts";
import { GRAMMARS, type ParameterName, readParameter } from "../../src/smtp/parameter_values.ts";
import { Mailbox } from "../../src/smtp/mailbox.ts";
import { REFERENCE } from "./abnf.ts";
import { mailbox } from "./arbitraries.ts";

/** A value as a client writes it, and what it stands for. */
interface Written {
  readonly text: string;
  readonly value: unknown;
}

const hex = (code: number) => code.toString(16).toUpperCase().padStart(2, "0");

/** ASCII in xtext: each character that needs it is encoded, and now and then another one. */
const xtextOf = (text: string): fc.Arbitrary<string> =>
  fc.infiniteStream(fc.nat(9)).map((dice) =>
    text.replace(
      /[^]/g,
      (character) =>
        /[+= ]/.test(character) || dice.next().value === 0
          ? `+${hex(character.charCodeAt(0))}`
          : character,
    )
  );

/** An address in utf-8-addr-xtext or utf-8-addr-unitext. */
const unitextOf = (text: string): fc.Arbitrary<string> =>
  fc.infiniteStream(fc.boolean()).map((coins) =>
    text.replace(/[^]/gu, (character) => {
      const isSpecial = /[+=\\ ]/.test(character);
      return isSpecial || character > "~" && coins.next().value
        ? `\\x{${hex(character.codePointAt(0)!)}}`
        : character;
    })
  );

const written = <T>(values: fc.Arbitrary<T>, write: (value: T) => fc.Arbitrary<string>) =>
  values.chain((value) => write(value).map((text): Written => ({ text, value })));

/** A word in any case. */
const word = (text: string): fc.Arbitrary<string> => fc.mixedCase(fc.constant(text));

const printable = fc.string({ unit: "grapheme-ascii", maxLength: 60 });
const letters = (some: string) =>
  fc.string({ unit: fc.constantFrom(...some), minLength: 1, maxLength: 12 });
const originals = {
  rfc822: mailbox.filter(({ route }) => route.length === 0).map(String),
  "utf-8": fc.tuple(letters("aZ09éßжあ漢😀"), letters("aZ09éжあ漢")).map(([local, domain]) =>
    `${local}@${domain}.example`
  ),
  x400: printable,
};

const GOOD: Readonly<Record<string, fc.Arbitrary<Written>>> = {
  RET: written(fc.constantFrom("FULL", "HDRS"), word),
  ENVID: written(fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 100 }), xtextOf),
  NOTIFY: written(
    fc.shuffledSubarray(["SUCCESS", "FAILURE", "DELAY"]),
    (words) => word(words.length === 0 ? "NEVER" : words.join()),
  ),
  ORCPT: written(
    fc.constantFrom("rfc822" as const, "utf-8" as const, "x400" as const)
      .chain((type) => originals[type].map((address) => ({ type, address }))),
    ({ type, address }) =>
      fc.tuple(word(type), (type === "utf-8" ? unitextOf : xtextOf)(address))
        .map((parts) => parts.join(";")),
  ),
  "MT-PRIORITY": fc.integer({ min: -9, max: 9 }).map((value) => ({ text: `${value}`, value })),
  HOLDFOR: fc.nat(999_999_999).map((value) => ({ text: `${value}`, value })),
  HOLDUNTIL: fc.date({
    min: new Date("0000-01-01T00:00:00Z"),
    max: new Date("9999-12-31T23:59:59Z"),
    noInvalidDate: true,
  }).map((value) => ({ text: value.toISOString(), value })),
  BY: written(
    fc.record({
      seconds: fc.integer({ min: -999_999_999, max: 999_999_999 }),
      late: fc.constantFrom("return", "notify"),
      trace: fc.boolean(),
    }, { noNullPrototype: true }).filter(({ seconds, late }) => late === "notify" || seconds > 0),
    ({ seconds, late, trace }) =>
      word(`${late === "return" ? "R" : "N"}${trace ? "T" : ""}`)
        .map((mode) => `${seconds};${mode}`),
  ),
};

/** A text that may be no value any more: some of it is gone, or there twice, or something else is in it. */
const spoilt = ({ text }: Written): fc.Arbitrary<string> =>
  fc.array(
    fc.record({
      at: fc.nat(text.length),
      octets: fc.nat(3),
      put: fc.oneof(
        fc.constantFrom(...'+=;,\\{}xXDFf019.@<>[]"-:TZ\r\n\0\x7f\x85é', "+0D+0A", "\\x{D800}"),
        fc.constantFrom("+00", "\\x{0D}", "\\x{7F}", "\\x{85}", "\\x{5C}", "\\x{110000}", "NEVER"),
        fc.constantFrom(text, "rfc822;", "utf-8;", "[1.2.3.4]", "[IPv6:::1]", ",DELAY", "😀", ""),
      ),
    }),
    { minLength: 1, maxLength: 3 },
  ).map((changes) =>
    changes.reduce(
      (spoiling, { at, octets, put }) => spoiling.slice(0, at) + put + spoiling.slice(at + octets),
      text,
    )
  );

/** What the program makes of a value: `undefined` for a bad one. */
function read(name: string, text: string): unknown {
  const value = GRAMMARS[name as ParameterName].read(text);
  return isFault(value) ? undefined : value;
}

const RUNS: Readonly<Record<string, number>> = { ORCPT: 5000, ENVID: 2500, NOTIFY: 1500 };

for (const [name, good] of Object.entries(GOOD)) {
  const numRuns = RUNS[name] ?? 1000;

  Deno.test(`${numRuns} good values of ${name} mean what they should`, () => {
    fc.assert(
      fc.property(good, ({ text, value }) => {
        assert.deepEqual(REFERENCE[name]!(text), value, `the reference: ${text}`);
        assert.deepEqual(read(name, text), value, text);
      }),
      { numRuns },
    );
  });

  Deno.test(`${numRuns} values of ${name} with mistakes are judged as by the reference`, () => {
    const counts = { good: 0, bad: 0 };
    fc.assert(
      fc.property(good.chain(spoilt), (text) => {
        const value = read(name, text);
        counts[value === undefined ? "bad" : "good"]++;
        assert.deepEqual(value, REFERENCE[name]!(text), text);
      }),
      { numRuns },
    );
    assert.ok(counts.bad > numRuns / 10, `hardly any were bad: ${JSON.stringify(counts)}`);
  });
}

Deno.test("2000 good parameters come through a command as they are meant", () => {
  const verbs = { MAIL: ["RET", "ENVID", "HOLDUNTIL", "BY"], RCPT: ["NOTIFY", "ORCPT"] } as const;
  const parameters = (names: readonly string[]) =>
    fc.tuple(...names.map((name) => GOOD[name]!.map((good) => ({ ...good, name }))));
  fc.assert(
    fc.property(
      fc.constantFrom("MAIL" as const, "RCPT" as const)
        .chain((verb) => fc.record({ verb: fc.constant(verb), all: parameters(verbs[verb]) })),
      ({ verb, all }) => {
        const path = verb === "MAIL" ? "FROM:<>" : "TO:<joe@example.net>";
        const line = [verb, path, ...all.map(({ name, text }) => `${name}=${text}`)].join(" ");
        const command = parseCommand(encode(line));
        assert.ok("parameters" in command, line);
        for (const { name, value } of all) {
          assert.deepEqual(readParameter(command.parameters, name as ParameterName), value, line);
        }
      },
    ),
    { numRuns: 2000 },
  );
});

Deno.test("what an address of Internet mail means is a mailbox again", () => {
  fc.assert(fc.property(GOOD["ORCPT"]!, ({ text }) => {
    const { type, address } = read("ORCPT", text) as { type: string; address: string };
    if (type === "rfc822") assert.equal(String(Mailbox.parse(address)), address);
  }));
});
