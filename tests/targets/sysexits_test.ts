import { deepEqual, equal, match } from "node:assert/strict";
import { outcomeOf, printEnding } from "../../src/targets/sysexits.ts";

const DEFERRED = [71, 73, 74, 75, 126, 127];

Deno.test("outcomeOf() has an outcome for every exit code", () => {
  equal(outcomeOf({ how: "exit", code: 0 }).result, "delivered");
  for (let code = 1; code < 256; code++) {
    const outcome = outcomeOf({ how: "exit", code });
    const wanted = DEFERRED.includes(code) ? "deferred" : "failed";
    equal(outcome.result, wanted, `exit ${code}`);
    equal("status" in outcome && outcome.status[0], wanted === "failed" ? "5" : "4");
    match(outcome.reason, /^mailer: [ -~]+$/);
  }
});

Deno.test("outcomeOf() gives the status codes of sysexits.h", () => {
  const statuses = {
    64: "5.3.0",
    65: "5.6.0",
    67: "5.1.1",
    68: "5.1.2",
    75: "4.3.0",
    76: "5.5.0",
    77: "5.7.0",
    78: "5.3.5",
    3: "5.3.0",
  };
  for (const [code, status] of Object.entries(statuses)) {
    const outcome = outcomeOf({ how: "exit", code: Number(code) });
    equal("status" in outcome && outcome.status, status, `exit ${code}`);
  }
});

Deno.test("outcomeOf() defers when the mailer did not exit by itself", () => {
  deepEqual(outcomeOf({ how: "timeout" }, "the last line"), {
    result: "deferred",
    status: "4.3.0",
    reason: "mailer: took too long",
    cause: "the last line",
    scope: "destination",
  });
  equal(outcomeOf({ how: "signal", signal: "SIGSEGV" }).result, "deferred");
});

Deno.test("printEnding() names an ending for the log", () => {
  equal(printEnding({ how: "exit", code: 75 }), "exit 75");
  equal(printEnding({ how: "signal", signal: "SIGTERM" }), "SIGTERM");
  equal(printEnding({ how: "timeout" }), "timeout");
});
