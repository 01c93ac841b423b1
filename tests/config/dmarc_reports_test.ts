/** The key `dmarc-reports`, and what it needs. */
import { deepEqual, equal } from "node:assert/strict";
import { ConfigError, parseConfig } from "../../src/config/mod.ts";

function mistakesIn(text: string): readonly string[] {
  try {
    parseConfig(`domains: [example.net]\nusers: [joe]\npostmaster: joe\n${text}`, "/none/p.yaml");
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ line, message }) => `${line} ${message}`);
  }
}

Deno.test("dmarc-reports names who reports, and needs a queue and a way for reports to leave", () => {
  const reports = "dmarc-reports: {contact: dmarc@example.net, organization: Example}\n";
  const relay = "relay: {mx: {}}\n";
  deepEqual(mistakesIn(reports + relay), []);
  deepEqual(mistakesIn(reports), [
    "4 `dmarc-reports`: reports need `relay`, by which they leave: add `relay: {mx: {}}`",
  ]);
  deepEqual(mistakesIn(`${reports}${relay}queue: none\n`), [
    "4 `dmarc-reports`: reports need a queue: remove `queue: none`",
  ]);
  equal(mistakesIn(`dmarc-reports: {}\n${relay}`).length, 1);
  equal(mistakesIn(`dmarc-reports: {contact: jöe@example.net}\n${relay}`).length, 1);
});
