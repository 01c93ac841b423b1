import assert from "node:assert/strict";
import { printProblem } from "../../src/config/mod.ts";
import { Directory, postmaster, Running } from "../running.ts";
import { parseConfig } from "./with_postmaster.ts";

/** The warnings of a configuration with these handlers. */
const warnings = (handlers: readonly unknown[]): string[] =>
  parseConfig(
    `handlers: ${JSON.stringify(handlers)}\nrelay: { command: [sendmail] }`,
    "postmaster.yaml",
  ).warnings
    .map(({ message }) => message);

const lists = { dnsbl: { lists: ["bl.example"] } };

Deno.test("orders that make sense are not warned of", () => {
  for (
    const handlers of [
      ["tarpit", "impatient", "greylist", lists, { alias: { sales: "joe" } }, "passwd"],
      [{ alias: { sales: "joe" } }, lists, "greylist", { "catch-all": "joe@example.net" }],
      [{ "catch-all": "joe@example.net" }, { "local-hosts": ["example.net"] }],
      [lists, { "rate-limit": { limit: 1, of: "recipients" } }, "discard-all"],
      ["passwd", { "rate-limit": { limit: 1, of: "messages" } }],
      [{ reject: { on: "SetMailFrom" } }, lists],
      [{ when: { if: { tls: true }, then: "discard-all" } }, lists],
      [{ "relay-to": { domains: ["example.org"] } }, lists],
      ["discard-all", "trace"],
    ]
  ) assert.deepEqual(warnings(handlers), [], JSON.stringify(handlers));
});

Deno.test("a handler that is never asked is warned of", () => {
  assert.deepEqual(warnings(["discard-all", lists, "fcrdns"]), [
    "`dnsbl` is never asked: `discard-all` answers before it; put it first",
  ]);
  for (
    const [ender, inner] of [
      ["reject", "greylist"],
      ["defer", { "local-hosts": ["example.net"] }],
      ["bye", "sender-domain"],
      [{ bye: { on: "Greeting" } }, { greeting: "hello" }],
      [{ reply: { on: ["SetMailFrom", "AddRcptTo"], code: 550, text: "no" } }, "no-route-addr"],
    ]
  ) {
    const [warning = "", ...more] = warnings([ender, inner]);
    assert.match(warning, /^`[a-z-]+` is never asked: `(reject|defer|bye|reply)` answers before/);
    assert.deepEqual(more, []);
  }
  assert.deepEqual(warnings([{ bye: { on: "SetMailFrom" } }, "no-route-addr"]), []);
});

Deno.test("a check is warned of that does not see all recipients", () => {
  for (const outer of ["passwd", { zone: "_postmaster.example.net" }]) {
    for (
      const check of [lists, "greylist", { "rate-limit": { limit: 1, of: "recipients" } }]
    ) {
      const [warning = ""] = warnings([outer, check]);
      assert.match(warning, /is not asked for the recipients that `(passwd|zone)` accepts before/);
    }
  }
});

Deno.test("what counts refusals is warned of inside of what may undo them", () => {
  assert.deepEqual(warnings([{ "catch-all": "joe@example.net" }, "impatient"]), [
    "`impatient` takes for refused what `catch-all` before it may still accept; put it first",
  ]);
  for (const outer of ["subaddress", { alias: { a: "b" } }, { explode: { a: "b" } }]) {
    assert.match(`${warnings([outer, "tarpit"])}`, /^`tarpit` takes for refused/);
  }
});

Deno.test("warnings have their place, check prints them, and the server logs them", async () => {
  const text = "handlers:\n  - discard-all\n  - greylist\nusers: [postmaster]\n";
  assert.deepEqual(parseConfig(text, "postmaster.yaml").warnings.map(printProblem), [
    "postmaster.yaml:3:5: `greylist` is never asked: `discard-all` answers before it; put it first",
  ]);
  using directory = new Directory();
  const file = directory.write("postmaster.yaml", text);
  const { code, stdout } = await postmaster("check", "--config", file);
  assert.equal(code, 0);
  assert.match(stdout, /^warning: \S+postmaster\.yaml:3:5: `greylist` is never asked/m);
  await using server = await Running.start(() => ({ handlers: ["discard-all", "greylist"] }));
  await server.logs(/ warning doubtful setting place=\S+:\d+:\d+ hint="`greylist` is never asked/);
});
