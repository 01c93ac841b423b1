/**
 * What YAML takes for numbers: where a text is wanted, the text is what was written.
 *
 * @module
 */
import assert from "node:assert/strict";
import { ConfigError } from "../../src/config/mod.ts";
import { Mailbox } from "../../src/smtp/mailbox.ts";
import { codes, Directory, Running, sendMail, until } from "../running.ts";
import { parseConfig } from "./with_postmaster.ts";

const parse = (text: string) => parseConfig(`${text}\n`, "/nowhere/postmaster.yaml");
const mistakes = (text: string): string[] => {
  try {
    parse(text);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ line, column, message }) => `${line}:${column}: ${message}`);
  }
};

/** Texts that YAML takes for something else, in one of its versions. */
const LOOKS: readonly string[] = [
  ...["0049301234567", "010", "0o17", "0x10", "1e3", "1E+3", "1_000", "1.50", "1.0", "7"],
  ...["12345678901234567890", "yes", "no", "on", "true", "false", "2026-12-24", "12345678.0"],
];

Deno.test("a user's name is what is written", () => {
  for (const name of LOOKS) {
    for (const written of [name, JSON.stringify(name), `!!str ${name}`, `&a ${name}`]) {
      const { users } = parse(`domains: [example.net]\nusers: [joe, ${written}]`);
      assert.equal(users.find({ local: name }), name, written);
      assert.equal(users.count, 2);
    }
  }
});

Deno.test("an alias and where it leads are what is written", () => {
  for (const name of [...LOOKS, "null", "~"]) {
    for (const key of [name, `"${name}"`, `"${name}@example.net"`, `? ${name}\n  `]) {
      const { aliases } = parse(`domains: [example.net]\nusers: [joe]\naliases:\n  ${key}: joe`);
      const found = aliases.find(new Mailbox(name, "example.net"));
      assert.equal(found?.join(), "joe@example.net", key);
    }
  }
  for (const name of LOOKS) {
    for (const value of [name, `[${name}]`, `"${name}"`]) {
      const { aliases } = parse(
        `domains: [example.net]\nusers: [postmaster, "${name}"]\naliases: {joe: ${value}}`,
      );
      assert.equal(aliases.find(new Mailbox("joe", "example.net"))?.[0]?.local, name, value);
    }
  }
});

Deno.test("keys that differ as texts are different keys, in the order of the file", () => {
  const { aliases } = parse(
    "%YAML 1.1\n---\ndomains: [example.net]\nusers: [postmaster, a, b, c, d, e, f, g]\naliases: {10: a, 010: b, 1e1: c, 10.0: d, 0xa: e, 8: f, no: g}",
  );
  const found = ["10", "010", "1e1", "10.0", "0xa", "8", "no"]
    .map((local) => aliases.find(new Mailbox(local, "example.net"))?.[0]?.local);
  assert.deepEqual(found, ["a", "b", "c", "d", "e", "f", "g"]);
  assert.equal(aliases.count, 7);
  const twice = /^3:3: the key `010` is here for the second time: keep one of the two$/;
  assert.match(mistakes('aliases:\n  "010": a\n  010: b')[0]!, twice);
  assert.match(mistakes("aliases:\n  &k 010: a\n  *k : b")[0]!, /^3:3: the key `010` is here/);
  assert.match(mistakes("aliases:\n  __proto__: a")[0]!, /^2:3: `__proto__` can be no key/);
});

Deno.test("codes, headers, conditions and arguments are what is written", () => {
  const config = parse(`
domains: [example.net, 1e3]
user: 0
mailer: {command: [maildrop, -d, 0123, 5, 1e3, true], null-sender: 007}
hostname: 1e3
handlers:
  - add-header: {name: 010, value: 1.50}
  - rename-header: {1e3: 0x10}
  - when: {if: {user: [0049, 5], helo: 1e5}, then: {reject: {text: 1.10}}}
  - alias: {0049: 010}
  - rewrite-recipient: {010@example.net: 1e3@example.net}`);
  assert.deepEqual(config.domains, ["example.net", "1e3"]);
  assert.deepEqual(config.mailer.command, ["maildrop", "-d", "0123", "5", "1e3", "true"]);
  assert.equal(config.mailer.nullSender, "007");
  assert.equal(config.hostname, "1e3");
  assert.equal(config.user, 0);
});

Deno.test("numbers are numbers where a number is wanted, if there is only one that they can mean", () => {
  const { limits } = parse("limits: {recipients: 150, errors: 1e1, message-size: 1e6}");
  assert.deepEqual([limits.recipients, limits.errors, limits.messageSize], [150, 10, 1_000_000]);
  assert.match(mistakes("limits: {errors: 010}")[0]!, /^1:18: .*a whole number; found `010`/);
  assert.match(mistakes("limits: {errors: 0x10}")[0]!, /a whole number; found `0x10`/);
  assert.match(
    mistakes("users: [null]")[0]!,
    /^1:9: .*found nothing \(`null` and `~` are texts only in quotes/,
  );
  assert.match(mistakes("hostname:")[0]!, /must be a domain; found nothing/);
  assert.match(mistakes("user: 0049")[0]!, /^1:7: `user`: this machine has no user `0049`/);
});

Deno.test("the options of a module are numbers only if they hold what is written", async () => {
  using directory = new Directory();
  directory.write(
    "policy.ts",
    `import { on, say } from "postmaster";
     export default (options: unknown) => on("SeeksHelp", () => say(2, 1, 4, JSON.stringify(options)));`,
  );
  const options = "{0049: 0049, 1e3: 1e3, a: 12345678901234567890, b: 1.5, c: 10, d: 0x10, e: no}";
  const file = directory.write(
    "postmaster.yaml",
    `users: [postmaster]\nhandlers-as-root: true\nhandlers:\n  - ./policy.ts: ${options}\n`,
  );
  await using server = await Running.start(() => undefined, {
    args: ["--config", file, "--listen", "127.0.0.1:0", "--hostname", "mx.example.net"],
  });
  using client = await server.connect();
  const { lines } = await client.command("HELP");
  assert.deepEqual(JSON.parse(lines[0]!), {
    "0049": "0049",
    "1e3": 1000,
    a: "12345678901234567890",
    b: 1.5,
    c: 10,
    d: "0x10",
    e: "no",
  });
});

Deno.test("mail for an address of digits reaches the user of these digits and no other", async () => {
  using directory = new Directory();
  const file = directory.write(
    "postmaster.yaml",
    `hostname: mx.example.net
listen: 127.0.0.1:0
domains: [example.net]
users: [0049, 1e3, 49, 1000]
aliases: {postmaster: 1000, 010: 0049, 0049301234567: [1e3]}
mailer: {command: [sh, -c, 'cat > /dev/null; echo "$@" >> ${
      directory.of("mail")
    }', sh, 007, "{user}"]}
state-directory: ${directory.of("state")}
handlers-as-root: true
`,
  );
  await using server = await Running.start(() => undefined, { args: ["--config", file] });
  using client = await server.connect();
  for (const local of ["0049", "1e3", "010", "0049301234567"]) {
    assert.equal(await sendMail(client, `${local}@example.net`), 250, local);
  }
  assert.deepEqual(
    await codes(
      client,
      "MAIL FROM:<>",
      "RCPT TO:<8@example.net>",
      "RCPT TO:<49301234567@example.net>",
    ),
    [250, 550, 550],
  );
  const mail = () => directory.read("mail").trimEnd().split("\n");
  await until("all mail has come", () => mail().length === 4);
  assert.deepEqual(mail().toSorted(), ["007 0049", "007 0049", "007 1e3", "007 1e3"]);
});
