import assert from "node:assert/strict";
import { ConfigError } from "../../src/config/mod.ts";
import type { SmtpRelay } from "../../src/config/relay.ts";
import { parseConfig } from "./with_postmaster.ts";

const limitsOf = (text: string): SmtpRelay =>
  parseConfig(`relay: {mx: {}, ${text}}`, "/nowhere/postmaster.yaml").relay as SmtpRelay;

Deno.test("exchangers begin with few connections, and have no other limits, by default", () => {
  const { exchanger, exchangers, sourceLimits } = limitsOf("");
  assert.deepEqual({ exchanger, exchangers, sourceLimits }, {
    exchanger: { concurrency: 20, initial: 5 },
    exchangers: [],
    sourceLimits: {},
  });
});

Deno.test("groups of exchangers have names or patterns, in any spelling", () => {
  const { exchangers } = limitsOf(
    'exchangers: {"*.Protection.Outlook.COM": {concurrency: 10}, ' +
      'google: {match: ["*.google.com", smtp.Bücher.example], rate: 100/min}}',
  );
  assert.deepEqual(exchangers, [
    {
      name: "*.Protection.Outlook.COM",
      match: ["*.protection.outlook.com"],
      concurrency: 10,
    },
    {
      name: "google",
      match: ["*.google.com", "smtp.xn--bcher-kva.example"],
      rate: { times: 100, span: 60_000 },
    },
  ]);
});

Deno.test("own addresses have limits and plans", () => {
  const { sourceLimits } = limitsOf(
    "source-limits: {default: {warm-up: {from: 2026-12-01, plan: [50, 100]}}, " +
      "'2001:DB8:0::25': {rate: 1000/h, concurrency: 5}}",
  );
  assert.deepEqual(sourceLimits, {
    default: { warmUp: { from: Date.UTC(2026, 11, 1), plan: [50, 100] } },
    "2001:db8::25": { rate: { times: 1000, span: 3_600_000 }, concurrency: 5 },
  });
});

Deno.test("mistakes in limits are named where they are", () => {
  const mistakes: Readonly<Record<string, RegExp>> = {
    'exchangers: {"*": {concurrency: 1}}': /`\*` must be the name of an exchanger/,
    'exchangers: {a: {match: ["mx.*.example"]}}': /must be the name of an exchanger/,
    "exchangers: {a.example: {rate: 5}}": /`5` is no rate/,
    "source-limits: {here: {rate: 5\/s}}": /`here` is no address/,
    "source-limits: {default: {warm-up: {from: 2026-02-31, plan: [1]}}}": /is no day/,
    "source-limits: {default: {warm-up: {from: soon, plan: [1]}}}": /a day such as/,
    "source-limits: {default: {warm-up: {from: 2026-12-01, plan: []}}}": /plan/,
  };
  for (const [text, wanted] of Object.entries(mistakes)) {
    assert.throws(() => limitsOf(text), (error) => {
      assert.ok(error instanceof ConfigError, String(error));
      assert.match(error.problems.map(({ message }) => message).join("\n"), wanted, text);
      return true;
    });
  }
});
