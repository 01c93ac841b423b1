import { deepEqual, equal, throws } from "node:assert/strict";
import fc from "fast-check";
import { Mailbox } from "../../src/smtp/mailbox.ts";
import {
  expand,
  parseTemplate,
  type PlaceholderValues,
  refusalOf,
  valuesFor,
} from "../../src/targets/template.ts";
import { ENVELOPE } from "./deliver.ts";

const values = (address: string | Mailbox): PlaceholderValues =>
  valuesFor(
    { recipient: typeof address === "string" ? Mailbox.parse(address) : address },
    ENVELOPE,
    "",
  );

Deno.test("expand() replaces placeholders and never splits an argument", () => {
  for (
    const [argument, wanted] of [
      ["{recipient}", "joe+lists@example.net"],
      ["{local}", "joe+lists"],
      ["{user}", "joe"],
      ["{extension}", "lists"],
      ["{domain}", "example.net"],
      ["{sender}", "jane@example.org"],
      ["{peer} {helo} {hostname}", "192.0.2.1 client.example.org mx.example.net"],
      ["{queue-id}/{size}", "4f2a/0"],
      ["/mail/{domain}/{user}/", "/mail/example.net/joe/"],
      ["{{user}} {{{user}}} $HOME", "{user} {joe} $HOME"],
      ["", ""],
    ] as const
  ) {
    const template = parseTemplate(["x", argument], false);
    const recipient = Mailbox.parse("joe+lists@example.net");
    const found = valuesFor({ recipient, user: "joe", extension: "lists" }, ENVELOPE, "");
    deepEqual(expand(template, [found]), ["x", wanted]);
  }
});

Deno.test("valuesFor() takes the user that was found, and never looks into the local part for one", () => {
  const recipient = Mailbox.parse("joe.smith+a-b@example.net");
  const { user, extension, local } = valuesFor({ recipient, user: "jsmith" }, ENVELOPE, "");
  deepEqual([user, extension, local], ["jsmith", "", "joe.smith+a-b"]);
  const nobody = valuesFor({ recipient }, ENVELOPE, "");
  deepEqual([nobody.user, nobody.extension], ["joe.smith+a-b", ""]);
});

Deno.test("valuesFor() stands in for the null path", () => {
  const envelope = { ...ENVELOPE, sender: null };
  const joe = Mailbox.parse("joe@example.net");
  equal(valuesFor({ recipient: joe }, envelope, "").sender, "");
  equal(valuesFor({ recipient: joe }, envelope, "<>").sender, "<>");
});

Deno.test("valuesFor() leaves the domain of a bare postmaster empty", () => {
  equal(values(new Mailbox("postmaster", "")).domain, "");
});

Deno.test("parseTemplate() says what is wrong with a command", () => {
  for (
    const [argv, message] of [
      [[], /names no program/],
      [[""], /names no program/],
      [["{user}"], /must not have placeholders/],
      [["bin/deliver"], /name or an absolute path/],
      [["./deliver"], /name or an absolute path/],
      [["x", "{recipent}"], /unknown placeholder \{recipent\}.*did you mean \{recipient\}/],
      [["x", "{}"], /unknown placeholder \{\}/],
      [["x", "{User}"], /did you mean \{user\}/],
      [["x", "{user"], /\{ without its partner/],
      [["x", "user}"], /\} without its partner/],
      [["x", "a\0b"], /NUL/],
      [["/bin/sh", "-c", "deliver {user}"], /the shell would run what \{user\} stands for/],
      [["bash", "-ec", "{helo}"], /the shell would run/],
    ] as const
  ) throws(() => parseTemplate(argv, false), { name: "TypeError", message }, JSON.stringify(argv));
});

Deno.test("parseTemplate() lets a shell have placeholders behind its script", () => {
  equal(parseTemplate(["sh", "-c", 'deliver "$1"', "sh", "{user}"], false).length, 5);
  equal(parseTemplate(["sh", "/script", "{user}"], false).length, 3);
});

Deno.test("refusalOf() refuses a leading hyphen where it would be an option", () => {
  for (
    const [argv, several, refused] of [
      [["x", "{local}"], false, true],
      [["x", "{extension}{local}"], false, true],
      [["x", "u={local}"], false, false],
      [["x", "-d", "{local}"], false, false],
      [["x", "-d", "{local}"], true, true], // the second recipient would not follow -d
      [["x", "-d", "joe", "{local}"], false, true],
      [["x", "-", "{local}"], false, true],
      [["-x", "{local}"], false, true],
      [["x", "-{queue-id}", "{local}"], false, true],
      [["x", "--", "{local}"], false, false],
      [["x", "--", "a", "{local}"], true, false],
      [["x", "{local}", "--"], false, true],
    ] as const
  ) {
    const template = parseTemplate(argv, several);
    equal(
      refusalOf(template, values("-oQ/tmp@example.net")) !== undefined,
      refused,
      argv.join(" "),
    );
    equal(refusalOf(template, values("joe@example.net")), undefined);
  }
});

Deno.test("refusalOf() refuses control characters", () => {
  const template = parseTemplate(["x", "a{helo}"], false);
  for (const helo of ["a\nb", "a\0b", "\x7f", "\r"]) {
    equal(refusalOf(template, { ...values("joe@x"), helo }), "control character in {helo}");
  }
});

Deno.test("expand() repeats what differs by recipient, and only that", () => {
  const template = parseTemplate(["x", "-f", "{sender}", "--", "{user}@{domain}", "{peer}"], true);
  deepEqual(expand(template, ["a@x", "b@y"].map((address) => values(address))), [
    ...["x", "-f", "jane@example.org", "--"],
    ...["a@x", "b@y", "192.0.2.1"],
  ]);
});

Deno.test("expand() gives one argument for each argument, whatever the local part", () => {
  const argv = ["x", "-a", "{extension}", "--", "{local}", "{user}", "{recipient}", "lit", ""];
  const template = parseTemplate(argv, false);
  const local = fc.string({
    unit: fc.integer({ min: 0x20, max: 0x7e }).map((c) => String.fromCharCode(c)),
  });
  fc.assert(fc.property(local, (local) => {
    const expanded = expand(template, [values(new Mailbox(local, "example.net"))]);
    equal(expanded.length, argv.length);
    equal(expanded[4], local);
  }));
});
