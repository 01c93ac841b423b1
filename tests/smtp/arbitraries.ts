/**
 * Random things of the wire, for the tests of this folder.
 *
 * @module
 */
import fc from "fast-check";
import type { Command } from "../../src/smtp/command.ts";
import { Mailbox, MAXIMUM } from "../../src/smtp/mailbox.ts";
import type { Parameters } from "../../src/smtp/parameters.ts";

const characters = (set: string): fc.Arbitrary<string> => fc.constantFrom(...set);
const LETTERS_DIGITS = "abcxyzABCXYZ0189";

/** SP to tilde. */
export const printableText: fc.Arbitrary<string> = fc.string({ unit: "grapheme-ascii" });

const label = fc.tuple(
  characters(LETTERS_DIGITS),
  fc.option(
    fc.tuple(
      fc.string({ unit: characters(`${LETTERS_DIGITS}-`), maxLength: 61 }),
      characters(LETTERS_DIGITS),
    ).map((parts) => parts.join("")),
    { nil: "" },
  ),
).map((parts) => parts.join(""));

const name = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join("."));

const literal = fc.oneof(
  fc.ipV4().map((address) => `[${address}]`),
  fc.ipV6().map((address) => `[IPv6:${address}]`),
  fc.constant("[x400:c=no/admd=telenor]"),
);

/** A domain or address literal. */
export const domain: fc.Arbitrary<string> = fc.oneof({ weight: 4, arbitrary: name }, {
  weight: 1,
  arbitrary: literal,
});

const atom = fc.string({
  unit: characters("abcXYZ019!#$%&'*+-/=?^_`{|}~"),
  minLength: 1,
  maxLength: 20,
});
const dotString = fc.array(atom, { minLength: 1, maxLength: 3 }).map((atoms) => atoms.join("."));

/** A local part as it is meant: any printable ASCII, short enough when it is quoted. */
export const local: fc.Arbitrary<string> = fc.oneof(
  dotString,
  fc.string({ unit: "grapheme-ascii", maxLength: 31 }),
);

/** Any mailbox, bare postmasters and source routes among them. */
export const mailbox: fc.Arbitrary<Mailbox> = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.tuple(
      local,
      domain,
      fc.oneof(fc.constant([]), fc.array(domain, { maxLength: 2 })),
    )
      .filter(([local, domain, route]) =>
        2 * local.length + [domain, ...route].join().length < MAXIMUM.path - 20
      )
      .map(([local, domain, route]) => new Mailbox(local, domain, route)),
  },
  {
    weight: 1,
    arbitrary: fc.mixedCase(fc.constant("postmaster")).map((local) => new Mailbox(local, "")),
  },
);

/** Any path, the null one too. */
export const path: fc.Arbitrary<Mailbox | null> = fc.option(mailbox);

const keyword = fc.tuple(
  characters("ABCXYZ019"),
  fc.string({ unit: characters("ABCXYZ019-"), maxLength: 8 }),
).map((parts) => parts.join(""));

const value = fc.string({ unit: "grapheme-ascii", minLength: 1 })
  .filter((value) => !/[ =]/.test(value));

/** Parameters of MAIL and RCPT. */
export const parameters: fc.Arbitrary<Parameters> = fc
  .uniqueArray(fc.tuple(keyword, fc.option(value)), { selector: ([name]) => name, maxLength: 4 })
  .map((entries) => new Map(entries));

const argument = printableText.map((text) => text.replace(/^ +| +$/g, ""));
const word = argument.map((text) => text.replaceAll(" ", "")).filter((text) => text !== "");

/** Any command. */
export const command: fc.Arbitrary<Command> = fc.oneof<fc.Arbitrary<Command>[]>(
  fc.tuple(fc.constantFrom("HELO" as const, "EHLO" as const), word)
    .map(([verb, name]) => ({ verb, name })),
  fc.tuple(path, parameters)
    .map(([mailbox, parameters]) => ({ verb: "MAIL" as const, mailbox, parameters })),
  fc.tuple(mailbox, parameters)
    .map(([mailbox, parameters]) => ({ verb: "RCPT" as const, mailbox, parameters })),
  fc.tuple(fc.constantFrom("HELP" as const, "NOOP" as const), argument)
    .map(([verb, argument]) => ({ verb, argument })),
  fc.tuple(fc.constantFrom("VRFY" as const, "EXPN" as const), word)
    .map(([verb, argument]) => ({ verb, argument })),
  fc.constantFrom("DATA" as const, "RSET" as const, "QUIT" as const).map((verb) => ({ verb })),
);

/** Bytes as a string, one character each: good to read in a failure. */
export const latin1 = (bytes: Uint8Array): string => String.fromCharCode(...bytes);
/** The bytes that such a string stands for. */
export const bytesOf = (text: string): Uint8Array =>
  Uint8Array.from(text, (char) => char.charCodeAt(0));

/** Random mixes of what matters to framing, and of text. */
export const framing: fc.Arbitrary<string> = fc.string({
  unit: fc.constantFrom(
    "\r",
    "\n",
    "\r\n",
    ".",
    "\r\n.",
    "\r\n.\r",
    "a",
    "b".repeat(9),
    "\0",
    "\xff",
  ),
  maxLength: 40,
});

/** The same bytes in pieces, each in memory of its own. `cuts` are places, in any order. */
export function pieces(text: string, cuts: readonly number[]): Uint8Array[] {
  const places = cuts.map((cut) => cut % (text.length + 1)).sort((a, b) => a - b);
  const starts = [0, ...places];
  return starts.map((start, i) => bytesOf(text.slice(start, places[i] ?? text.length)));
}

/** Where to cut. */
export const cuts: fc.Arbitrary<number[]> = fc.array(fc.nat(1000), { maxLength: 12 });
