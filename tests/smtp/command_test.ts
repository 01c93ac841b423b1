/**
 * Commands.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { printCommand } from "./print_command.ts";
import { type Command, type NotACommand, parseCommand } from "../../src/smtp/command.ts";
import { encode } from "../../src/smtp/ascii.ts";
import { STRICT } from "../../src/smtp/tolerance.ts";
import { Mailbox } from "../../src/smtp/mailbox.ts";
import { bytesOf, command, latin1 } from "./arbitraries.ts";

const parse = (line: string) => parseCommand(bytesOf(line));
const joe = new Mailbox("joe", "example.net");
const none = new Map();

const LINES: readonly [string, Command | NotACommand][] = [
  ["HELO mx.example.net", { verb: "HELO", name: "mx.example.net" }],
  ["ehlo [127.0.0.1]", { verb: "EHLO", name: "[127.0.0.1]" }],
  ["EHLO   x  ", { verb: "EHLO", name: "x" }],
  ["MAIL FROM:<>", { verb: "MAIL", mailbox: null, parameters: none }],
  ["mail from:<joe@example.net>", { verb: "MAIL", mailbox: joe, parameters: none }],
  ["MAIL FROM: <joe@example.net>  ", { verb: "MAIL", mailbox: joe, parameters: none }],
  ["MAIL FROM:<joe@example.net> SIZE=7", {
    verb: "MAIL",
    mailbox: joe,
    parameters: new Map([["SIZE", "7"]]),
  }],
  ["RCPT TO:<joe@example.net>", { verb: "RCPT", mailbox: joe, parameters: none }],
  ["RCPT TO:<postmaster>", {
    verb: "RCPT",
    mailbox: new Mailbox("postmaster", ""),
    parameters: none,
  }],
  ["DATA", { verb: "DATA" }],
  ["data  ", { verb: "DATA" }],
  ["RSET", { verb: "RSET" }],
  ["QUIT", { verb: "QUIT" }],
  ["NOOP", { verb: "NOOP", argument: "" }],
  ["NOOP a  b ", { verb: "NOOP", argument: "a  b" }],
  ["HELP me", { verb: "HELP", argument: "me" }],
  ["VRFY joe", { verb: "VRFY", argument: "joe" }],
  ["EXPN list", { verb: "EXPN", argument: "list" }],
  ["starttls", { unrecognized: "starttls" }],
  ["BDAT 86 LAST", { unrecognized: "BDAT 86 LAST" }],
  ["", { unrecognized: "" }],
  ["   ", { unrecognized: "" }],
  [" NOOP", { unrecognized: " NOOP" }],
  ["NOOPS", { unrecognized: "NOOPS" }],
  ["GET / HTTP/1.1", { unrecognized: "GET / HTTP/1.1" }],
];

for (const [line, expected] of LINES) {
  Deno.test(`parseCommand() knows ${JSON.stringify(line)}`, () => {
    assert.deepEqual(parse(line), expected);
  });
}

/** A line, the command it is a failed try of, and the reply code. */
const ERRORS: readonly [string, string, number][] = [
  ["HELO", "HELO", 501],
  ["EHLO a b", "EHLO", 501],
  ["MAIL", "MAIL", 501],
  ["MAIL <joe@example.net>", "MAIL", 501],
  ["MAIL FROM", "MAIL", 501],
  ["MAIL FROM:", "MAIL", 501],
  ["MAIL FROM :<joe@example.net>", "MAIL", 501],
  ["MAIL TO:<joe@example.net>", "MAIL", 501],
  ["MAIL FROM:joe@example.net", "MAIL", 501],
  ["MAIL FROM:<joe@example.net>SIZE=1", "MAIL", 501],
  ["MAIL FROM:<joe@example.net>>", "MAIL", 501],
  ["MAIL FROM:<joe@example.net> SIZE=", "MAIL", 501],
  ["RCPT FROM:<joe@example.net>", "RCPT", 501],
  ["RCPT TO:<>", "RCPT", 501],
  ["RCPT TO:<joe>", "RCPT", 501],
  ["RCPT TO:<joe@example.net", "RCPT", 501],
  ["DATA now", "DATA", 501],
  ["QUIT please", "QUIT", 501],
  ["RSET x", "RSET", 501],
  ["VRFY", "VRFY", 501],
  ["EXPN ", "EXPN", 501],
  ["NOOP\0", "", 500],
  ["NOOP\tx", "", 500],
  ["NOOP\x0bx", "", 500],
  ["RSET\nQUIT", "", 500],
  ["RSET\rQUIT", "", 500],
  ["NOOP \xc3\xa9", "", 500],
  ["\xef\xbb\xbfNOOP", "", 500], // a byte order mark
  ["\xc5\xbftarttls", "", 500], // a long s, whose upper case is S
  ["\xa0NOOP", "", 500],
];

for (const [line, verb, code] of ERRORS) {
  Deno.test(`parseCommand() answers ${JSON.stringify(line)} with ${code}`, () => {
    const parsed = parse(line);
    assert.ok("fault" in parsed);
    assert.equal(parsed.syntaxErrorIn, verb);
    assert.equal(parsed.fault.code, code);
    assert.match(parsed.fault.reason, /^[\x20-\x7e]+$/);
  });
}

Deno.test("parseCommand() gives a local part alone a domain, where there is one for it", () => {
  const parsed = (line: string, tolerance = STRICT) => {
    const command = parseCommand(encode(line), tolerance, "example.net");
    return "mailbox" in command ? `${command.mailbox}` : "fault" in command && command.fault.code;
  };
  assert.equal(parsed("MAIL FROM:<joe> SIZE=1"), "joe@example.net");
  assert.equal(parsed("RCPT TO:<Joe>"), "Joe@example.net");
  assert.equal(parsed('RCPT TO:<"joe smith">'), '"joe smith"@example.net');
  assert.equal(parsed("RCPT TO:joe", { ...STRICT, missingBrackets: true }), "joe@example.net");
  assert.equal(parsed("RCPT TO:<postmaster>"), "postmaster");
  assert.equal(parsed("MAIL FROM:<joe@example.org>"), "joe@example.org");
  assert.equal(parsed("MAIL FROM:<>"), "null");
  assert.equal(parsed(`RCPT TO:<${"x".repeat(242)}>`), `${"x".repeat(242)}@example.net`);
  for (
    const line of [
      ...["RCPT TO:<>", "RCPT TO:joe", "RCPT TO:<joe.>", "RCPT TO:<joe smith>", "RCPT TO:<joe"],
      ...["RCPT TO:<@a.example:joe>", "RCPT TO:<joe@>", `RCPT TO:<${"x".repeat(243)}>`],
    ]
  ) assert.equal(parsed(line), 501, line);
});

Deno.test("printing a command is undone by parsing it", () => {
  fc.assert(fc.property(command, (command) => {
    assert.deepEqual(parse(printCommand(command)), command);
  }));
});

Deno.test("a command's case does not matter, its arguments' case is kept", () => {
  fc.assert(fc.property(command, (command) => {
    const line = printCommand(command);
    const verb = /^[A-Z]+( FROM:| TO:)?/.exec(line)![0];
    assert.deepEqual(parse(verb.toLowerCase() + line.slice(verb.length)), command);
  }));
});

Deno.test("parseCommand() takes any bytes without throwing", () => {
  const start = fc.constantFrom(
    "",
    "MAIL FROM:",
    "MAIL FROM:<",
    "RCPT TO:<",
    "EHLO ",
    'RCPT TO:<"',
  );
  fc.assert(fc.property(start, fc.uint8Array(), (start, bytes) => {
    const parsed = parse(start + latin1(bytes));
    if (!("verb" in parsed)) return;
    assert.match(printCommand(parsed), "utf8" in parsed ? /^\P{C}+$/u : /^[\x20-\x7e]+$/);
  }));
});
