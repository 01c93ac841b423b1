/**
 * What the page for a whole server tells an administrator, done from the first line to the last.
 *
 * @module
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { needRuntime } from "../need.ts";
import { needMachine, onMachine } from "./machine.ts";
import { machineOf, normalized, stepsOf } from "./page.ts";

const page = Deno.readTextFileSync(fileURLToPath(new URL("../../docs/setup.md", import.meta.url)));

/** What becomes of the mail, which the page does not show. */
const AFTERWARDS = [
  "until [ -s /run/sent/* ]; do sleep 0.05; done; cat /run/sent/*",
  "cat /var/mail/joe",
  "swaks --silent 2 --server mx.example.net --port 587 --tls --auth-user joe --auth-password correct-horse-battery " +
  "--from joe@example.net --to nobody@nowhere.example; " +
  "until grep -qs '^Return-Path: <>' /var/mail/joe; do sleep 0.05; done; cat /var/mail/joe",
];

/** As on the page, whatever password was generated. */
const shown = (output: string): string =>
  normalized(output).replace(/^(\w{5}-){3}\w{5}$/m, "GENERATED");

Deno.test({
  name: "a server that is set up as setup.md says does what setup.md shows",
  ignore: needMachine(...machineOf(page)!).ignore || needRuntime("2.7.13").ignore,
  fn: async () => {
    const steps = stepsOf(page);
    const more = AFTERWARDS.map((command) => ({ command, output: "" }));
    const outputs = await onMachine([...steps, ...more]);
    for (const [i, step] of steps.entries()) {
      if (!("command" in step)) continue;
      const output = outputs[i]!;
      assert.equal(shown(output), shown(step.output), `$ ${step.command}\n${output}`);
    }
    const [toAnn = "", toJoe = "", bounced = ""] = outputs.slice(steps.length);
    assert.match(toAnn, /^X-Mail-Args: <joe@example\.net>/m);
    assert.match(toAnn, /^\tby mx\.example\.net with ESMTPSA id /m);
    assert.match(toJoe, /^From ann@example\.com .*\nReturn-Path: <ann@example\.com>\n/);
    assert.match(bounced, /^Return-Path: <>\n[^]*^Subject: Undelivered Mail/m);
  },
});
