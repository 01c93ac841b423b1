import { deepEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import { HeaderGuard } from "../../src/message/header_guard.ts";

const bytes = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));
const latin1 = new TextDecoder("latin1");

/** What becomes of a message that comes in pieces of these sizes, and then whole. */
function guarded(message: string, sizes: readonly number[] = []): string {
  const guard = new HeaderGuard();
  let passed = "";
  const emit = (octets: Uint8Array) => void (passed += latin1.decode(octets));
  let rest = bytes(message);
  for (const size of sizes) {
    guard.take(rest.subarray(0, size), emit);
    rest = rest.subarray(size);
  }
  guard.take(rest, emit);
  guard.end(emit);
  return passed;
}

Deno.test("HeaderGuard leaves a message with a header as it is", () => {
  const messages = [
    "",
    "\r\n",
    "\r\nFrom x@y\r\n not: a header\r\n",
    "Subject: x\r\n",
    "Subject: x\r\n\r\n folded?\r\nno\r\n",
    "Subject: x\r\n\tfolded\r\n  \r\nTo: y\r\n\r\nFrom x@y\r\n",
    "Subject : x\r\nSubject \t : y\r\n\r\n",
    "From : ann@example.org\r\n\r\n",
    "!~:\r\nSubject: B\xfccher\r\n\r\nB\xfccher\r\n",
    `${"a".repeat(998)}:\r\n`,
  ];
  for (const message of messages) equal(guarded(message), message);
});

const TEXTS = [
  " continues: ours\r\n",
  "\tcontinues\r\n\r\nx\r\n",
  " \r\nSubject: x\r\n",
  "no field\r\nSubject: x\r\n",
  ":\r\n",
  ": x\r\n",
  " : x\r\n",
  "x\r\n",
  "S\xfcbject: x\r\n",
  "Sub\0ject: x\r\n",
  "Sub ject: x\r\n",
  `${"a".repeat(999)}:\r\n`,
  `a${" ".repeat(998)}:\r\n`,
];

for (const text of TEXTS) {
  Deno.test(`HeaderGuard puts an empty line before ${JSON.stringify(text.slice(0, 40))}`, () => {
    equal(guarded(text), `\r\n${text}`);
    if (/^[ \t]/.test(text)) return;
    equal(guarded(`Subject: x\r\n${text}`), `Subject: x\r\n\r\n${text}`);
    equal(guarded(`Subject: x\r\n\ty\r\n${text}`), `Subject: x\r\n\ty\r\n\r\n${text}`);
  });
}

Deno.test("HeaderGuard makes fields of what a mailbox file has left on top", () => {
  equal(
    guarded("From ann@example.org Thu Nov 26\r\nSubject: x\r\n\r\n"),
    "X-Mailbox-Line: From ann@example.org Thu Nov 26\r\nSubject: x\r\n\r\n",
  );
  equal(
    guarded(">From a\r\n>>From b\r\nFrom \r\n"),
    "X-Mailbox-Line: >From a\r\nX-Mailbox-Line: >>From b\r\nX-Mailbox-Line: From \r\n",
  );
  equal(guarded("From a\r\n b\r\n"), "X-Mailbox-Line: From a\r\n\r\n b\r\n");
  equal(guarded("From a\r\nb\r\n"), "X-Mailbox-Line: From a\r\n\r\nb\r\n");
  equal(guarded("Subject: x\r\nFrom a\r\n"), "Subject: x\r\n\r\nFrom a\r\n");
  for (const text of ["from a\r\n", "From\ta\r\n", "> From a\r\n", "From\r\n"]) {
    equal(guarded(text), `\r\n${text}`);
  }
});

const lines = fc.array(
  fc.constantFrom("From a", ">From b", "A: b", "A", "A :", " x", "\t", ":", "", "\xfc:", "From :"),
  { maxLength: 6 },
).map((all) => all.map((line) => `${line}\r\n`).join(""));

Deno.test("HeaderGuard does the same however the message is cut, and nothing to its own work", () => {
  fc.assert(fc.property(lines, fc.array(fc.nat(5)), (message, sizes) => {
    const whole = guarded(message);
    equal(guarded(message, sizes), whole);
    equal(guarded(message, Array(message.length).fill(1)), whole);
    equal(guarded(whole), whole);
  }));
});

Deno.test("HeaderGuard hands on the octets that it was given, not copies, in as few pieces", () => {
  const message = bytes("A: b\r\n".repeat(1000) + "\r\nbody\r\n");
  const pieces: Uint8Array[] = [];
  new HeaderGuard().take(message, (octets) => void pieces.push(octets));
  deepEqual(pieces.map(({ length }) => length), [message.length]);
  equal(pieces[0]?.buffer, message.buffer);
});

Deno.test("HeaderGuard makes ten fields of lines of a mailbox file at most: then there is no header", () => {
  const lines = "From a\r\n".repeat(100);
  const fields = "X-Mailbox-Line: From a\r\n".repeat(10);
  equal(guarded(lines), `${fields}\r\n${"From a\r\n".repeat(90)}`);
});
