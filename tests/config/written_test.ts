/**
 * Keys and values of a configuration that look like something else than what is meant.
 *
 * @module
 */
import assert from "node:assert/strict";
import { ConfigError, parseConfig } from "../../src/config/mod.ts";
import { Mailbox } from "../../src/smtp/mailbox.ts";

const NAMES = [
  "0049301234567",
  "010",
  "1e3",
  "0x10",
  "+5",
  "1_000",
  "true",
  "no",
  "null",
  "~a",
  "49",
];

Deno.test("a key is the name that is written, also where YAML finds a number in it", () => {
  const lines = NAMES.map((name) => `  ${name}: joe`).join("\n");
  const { aliases } = parseConfig(
    `hostname: mx.example.net\ndomains: [example.net]\nusers: [joe]\naliases:\n${lines}\n`,
    "p.yaml",
  );
  for (const name of NAMES) {
    const members = aliases.find(new Mailbox(name, "example.net"));
    assert.deepEqual(members?.map(String), ["joe@example.net"], name);
  }
  for (const other of ["49301234567", "10", "1000", "16", "5"]) {
    assert.equal(aliases.find(new Mailbox(other, "example.net")), undefined, other);
  }
  assert.equal(aliases.count(), NAMES.length);
});

Deno.test("a value is the text that is written, wherever a text is wanted", () => {
  const names = NAMES.filter((name) => name !== "null");
  const { users, aliases, mailer } = parseConfig(
    `hostname: mx.example.net
domains: [example.net]
users: [${names.join(", ")}]
aliases: {sales: [010, 1e3], one: 0049301234567}
mailer: {command: [maildrop, -d, 0123, 1e3, true]}
`,
    "p.yaml",
  );
  assert.deepEqual(names.map((name) => users.find(name)), names);
  assert.equal(users.find("10"), undefined);
  const found = (local: string) => aliases.find(new Mailbox(local, "example.net"))?.map(String);
  assert.deepEqual(found("sales"), ["010@example.net", "1e3@example.net"]);
  assert.deepEqual(found("one"), ["0049301234567@example.net"]);
  assert.deepEqual(mailer.command, ["maildrop", "-d", "0123", "1e3", "true"]);
});

Deno.test("handlers take texts as they are written, too", () => {
  const text = "hostname: mx.example.net\nhandlers:\n  - alias: {010: 0049@example.net}\n" +
    "  - explode: {1e3@example.net: [1e3, 010]}\n";
  assert.equal(parseConfig(text, "p.yaml").handlers.length, 2);
});

Deno.test("numbers stay numbers where numbers are wanted", () => {
  const { limits } = parseConfig(
    "hostname: mx.example.net\nlimits: {recipients: 50, message-size: 10 MB}\n",
    "p.yaml",
  );
  assert.equal(limits.recipients, 50);
});

Deno.test("two keys are the same when they are written the same", () => {
  const config = (keys: string) =>
    `hostname: mx.example.net\ndomains: [example.net]\nusers: [joe]\naliases: {${keys}}\n`;
  assert.equal(parseConfig(config("10: joe, 1e1: joe, 010: joe"), "p.yaml").aliases.count(), 3);
  assert.throws(() => parseConfig(config('10: joe, "10": joe'), "p.yaml"), (error) => {
    assert.ok(error instanceof ConfigError);
    assert.match(error.message, /^p\.yaml:4:20: the key `"10"` is here for the second time/);
    return true;
  });
});
