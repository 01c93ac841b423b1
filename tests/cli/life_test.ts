import assert from "node:assert/strict";
import { recipientLines } from "../../src/cli/queue/life.ts";
import { attemptAsJson } from "../../src/cli/queue/words.ts";
import type { Outcome } from "../../src/handler/outcome.ts";
import { logOutcome } from "../../src/targets/log_outcome.ts";

const tls = { protocol: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384", verified: "dane" } as const;
const remote = { name: "mx.example.org", reply: "250 ok", address: "192.0.2.7" };
const encrypted: Outcome = { result: "delivered", reason: "taken", remote: { ...remote, tls } };
const clear: Outcome = { result: "delivered", reason: "taken", remote };

const attemptOf = (outcome: Outcome) => ({ time: 0, took: 5, outcome, plan: undefined });

Deno.test("the life of a message names the server of each attempt, and how the connection was encrypted", () => {
  const lines = (outcome: Outcome) =>
    recipientLines(
      {
        ...{
          recipient: "joe@example.org",
          copy: false,
          parameters: {},
          attempts: 1,
          warned: false,
        },
        ...{ target: { target: "relay", args: {} }, destination: "example.org" },
        ...{ history: [attemptOf(outcome)], state: { at: "ended", ending: "delivered", time: 0 } },
      } as unknown as Parameters<typeof recipientLines>[0],
      0,
    );
  assert.ok(
    lines(encrypted).includes(
      "    server: mx.example.org, 192.0.2.7, TLSv1.3 TLS_AES_256_GCM_SHA384, verified by dane",
    ),
  );
  assert.ok(lines(clear).includes("    server: mx.example.org, 192.0.2.7, in clear text"));
  const json = JSON.parse(JSON.stringify(attemptAsJson(attemptOf(encrypted))));
  assert.deepEqual(json.remote, { ...remote, tls });
});

Deno.test("the log names the server that has answered", () => {
  const logged: unknown[] = [];
  const envelope = { session: "S", peer: "192.0.2.1", helo: "", id: "M", sender: null };
  logOutcome(
    "delivered",
    { recipient: "<joe@example.org>", target: "relay", plan: undefined, outcome: encrypted },
    {
      envelope,
      log: (_: unknown, fields: unknown) => void logged.push(fields),
    } as unknown as Parameters<
      typeof logOutcome
    >[2],
  );
  const { remote, address, tls } = logged[0] as Record<string, unknown>;
  assert.deepEqual([remote, address, tls], [
    ...["mx.example.org", "192.0.2.7", "TLSv1.3 TLS_AES_256_GCM_SHA384, verified by dane"],
  ]);
});
