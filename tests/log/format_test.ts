/**
 * How log records look.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { jsonLine, terminalLine, textLine, untimedLine } from "../../src/log/format.ts";
import { record } from "./records.ts";

const CONNECTED = { session: "4f2a1c", listener: "0.0.0.0:25", peer: "127.0.0.1", port: 4444 };

Deno.test("textLine() writes time, level, session, event and fields", () => {
  assert.equal(
    textLine(record("connected", CONNECTED)),
    "2026-11-22T20:00:00.000Z info  4f2a1c connected peer=127.0.0.1 port=4444 listener=0.0.0.0:25",
  );
});

Deno.test("untimedLine() leaves the time out, and the session where there is none", () => {
  assert.equal(
    untimedLine(record("stopping", { reason: "SIGTERM", sessions: 2 }, "warning")),
    "warning stopping reason=SIGTERM sessions=2",
  );
});

Deno.test("jsonLine() writes an object with the same things", () => {
  assert.equal(
    jsonLine(record("connected", CONNECTED)),
    '{"time":"2026-11-22T20:00:00.000Z","level":"info","message":"connected",' +
      '"session":"4f2a1c","peer":"127.0.0.1","port":4444,"listener":"0.0.0.0:25"}',
  );
});

Deno.test("jsonLine() keeps fields that are called like a key of every object", () => {
  const object = JSON.parse(
    jsonLine(record("handler", { level: 3, time: "noon", event: "Verify" })),
  );
  assert.equal(object.level, "info");
  assert.deepEqual([object.level_, object.time_, object.event], [3, "noon", "Verify"]);
});

Deno.test("terminalLine() colours the level and shortens the time", () => {
  assert.match(
    terminalLine(record("stopped", { sessions: 2 }, "error")),
    // deno-lint-ignore no-control-regex
    /^\x1b\[2m\d\d:\d\d:\d\d\x1b\[0m \x1b\[31merror\x1b\[0m stopped sessions=2$/,
  );
});

class Hostile {
  toString(): string {
    throw new Error("no");
  }
  toJSON(): never {
    throw new Error("no");
  }
}

const VALUES: readonly [unknown, string, unknown][] = [
  ["plain", "plain", "plain"],
  ["", '""', ""],
  ["two words", '"two words"', "two words"],
  ['"quoted"', '"\\"quoted\\""', '"quoted"'],
  ["a=b", '"a=b"', "a=b"],
  ["back\\slash", '"back\\\\slash"', "back\\slash"],
  ["a\r\nb", '"a\\r\\nb"', "a\r\nb"],
  ["\x1b[31m", '"\\u001b[31m"', "\x1b[31m"],
  ["\x7f\x9b", '"\\u007f\\u009b"', "\x7f\x9b"],
  ["\u2028\u2029", '"\\u2028\\u2029"', "\u2028\u2029"],
  ["<jörg@bücher.example>", '"<jörg@bücher.example>"', "<jörg@bücher.example>"],
  ["\u202egnp.exe", '"\\u202egnp.exe"', "\u202egnp.exe"],
  ["\ud800", '"\\ud800"', "\ud800"],
  ["\u{e0041}", '"\\udb40\\udc41"', "\u{e0041}"],
  ["jörg", '"jörg"', "jörg"],
  [42, "42", 42],
  [-0.5, "-0.5", -0.5],
  [NaN, "NaN", "NaN"],
  [true, "true", true],
  [null, "null", null],
  [["a@b.c", "d@e.f"], "a@b.c,d@e.f", ["a@b.c", "d@e.f"]],
  [["a,b", "c"], '"a,b",c', ["a,b", "c"]],
  [[], "", []],
  [10n, "10", "10"],
  [new Error("broken\n"), '"Error: broken\\n"', "Error: broken\n"],
  [{ a: 1 }, '"{\\"a\\":1}"', '{"a":1}'],
  [new Hostile(), '"unprintable object"', "unprintable object"],
];

for (const [value, text, json] of VALUES) {
  Deno.test(`a field is written as ${text}`, () => {
    const handler = record("handler", { field: value });
    assert.equal(untimedLine(handler), `info  handler field=${text}`);
    assert.deepEqual(JSON.parse(jsonLine(handler)).field, json);
  });
}

Deno.test("a field that is undefined is left out", () => {
  const rejected = record("rejected", { recipient: undefined, code: 550 });
  assert.equal(untimedLine(rejected), "info  rejected code=550");
  assert.equal("recipient" in JSON.parse(jsonLine(rejected)), false);
});

Deno.test("a record of a library carries its category and its text", () => {
  const foreign = {
    ...record("", { name: "x" }),
    category: ["lib", "part one"],
    message: ["hello ", "x", "!"],
  };
  assert.equal(untimedLine(foreign), 'info  "lib.part one" text="hello x!" name=x');
});

const CONTROLS = /[\p{C}\p{Zl}\p{Zp}]/u;
const anyString = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: fc.nat(0xffff).map((unit) => String.fromCharCode(unit)) }),
  fc.string({
    unit: fc.constantFrom("\r", "\n", "\x1b", "\x00", '"', "\\", "=", " ", "\u2028", "a"),
  }),
);

/** With a dot at the end, since V8's `JSON.parse` takes the key "\\n" for "\\\\" once it has seen that one. */
const anyKey = anyString.map((key) => `${key}.`);

Deno.test("any strings in any fields give one line of printable characters, and nothing is lost", () => {
  fc.assert(fc.property(fc.dictionary(anyKey, anyString), anyString, (fields, session) => {
    const handler = record("handler", { ...fields, session });
    assert.doesNotMatch(textLine(handler), CONTROLS);
    const json = jsonLine(handler);
    assert.doesNotMatch(json, CONTROLS);
    const object = JSON.parse(json);
    for (const [key, value] of Object.entries(handler.properties)) {
      const taken = ["time", "level", "message"].includes(key);
      assert.equal(object[taken ? `${key}_` : key], value);
    }
  }));
});

Deno.test("the quoted values of a text line can be read back", () => {
  fc.assert(fc.property(anyString, (value) => {
    const written = untimedLine(record("handler", { field: value })).slice(
      "info  handler field=".length,
    );
    assert.equal(written.startsWith('"') ? JSON.parse(written) : written, value);
  }));
});
