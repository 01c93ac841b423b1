/**
 * What became of each of three recipients, whatever the server says at each step.
 *
 * @module
 */
import assert from "node:assert/strict";
import { ConnectionLost, ProtocolFault } from "../../src/client/fault.ts";
import { outcomesOf } from "../../src/client/outcomes.ts";
import { newRecord, type Order, transaction } from "../../src/client/transaction.ts";
import { drive, MESSAGE } from "./talk_kit.ts";

const PEER = {
  ...{ host: "mx.example.net", address: "192.0.2.7", greeting: "220 hello", tls: undefined },
  extensions: new Map(),
};
const LOST = new ConnectionLost("it closed the connection");

/** Sends to three recipients. */
function send(replies: readonly (string | Error)[], how: Partial<Order> = {}) {
  const order: Order = {
    ...{ mail: "MAIL FROM:<a@example.org>", message: MESSAGE, inChunks: false },
    rcpt: ["RCPT TO:<x@example.net>", "RCPT TO:<y@example.net>", "RCPT TO:<z@example.net>"],
    ...{ isPipelined: false, isLmtp: false, ...how },
  };
  const record = newRecord();
  const { did, thrown } = drive(transaction(order, record), replies);
  const outcomes = outcomesOf(record, 3, PEER, thrown as Error | undefined);
  return {
    did: did.map((command) => command.replace(/ .*/, "")).join(" "),
    results: outcomes.map((outcome) =>
      outcome.result === "delivered" ? "delivered" : `${outcome.result} ${outcome.status}`
    ),
    thrown,
  };
}

Deno.test("each recipient has its own outcome, with pipelining and without", () => {
  const replies = [
    "250 ok",
    "250 ok",
    "550 5.1.1 unknown",
    "450 4.2.0 later",
    "354 go",
    "250 2.0.0 taken",
  ];
  const results = ["delivered", "failed 5.1.1", "deferred 4.2.0"];
  for (const isPipelined of [false, true]) {
    const { did, results: got } = send(replies, { isPipelined });
    assert.equal(did, "MAIL RCPT RCPT RCPT DATA <dots>");
    assert.deepEqual(got, results);
  }
});

Deno.test("a refusal of MAIL is for all, and the session is reset only if something is to be reset", () => {
  const refused = ["failed 5.7.1", "failed 5.7.1", "failed 5.7.1"];
  assert.deepEqual(send(["550 5.7.1 no"]), { did: "MAIL", results: refused, thrown: undefined });
  const pipelined = send(
    ["550 5.7.1 no", "503 no", "503 no", "503 no", "503 no"],
    { isPipelined: true },
  );
  assert.deepEqual(pipelined.results, refused);
  assert.equal(send(["450 4.7.1 slow"]).results[0], "deferred 4.7.1");
});

Deno.test("when nobody is accepted, no message is sent", () => {
  const all = ["250 ok", "550 5.1.1 a", "550 5.1.1 b", "550 5.1.1 c"];
  assert.equal(send([...all, "250 reset"]).did, "MAIL RCPT RCPT RCPT RSET");
  const failed = ["failed 5.1.1", "failed 5.1.1", "failed 5.1.1"];
  const refused = send([...all, "554 nobody", "250 reset"], { isPipelined: true });
  assert.equal(refused.did, "MAIL RCPT RCPT RCPT DATA RSET");
  assert.deepEqual(refused.results, failed);
  const waiting = send([...all, "354 go", "554 nobody", "250 reset"], { isPipelined: true });
  assert.equal(waiting.did, "MAIL RCPT RCPT RCPT DATA . RSET");
  assert.deepEqual(waiting.results, failed);
});

Deno.test("a refusal at DATA or at the final dot is for those who were accepted", () => {
  const start = ["250 ok", "250 ok", "550 5.1.1 no", "250 ok"];
  const mixed = (status: string) => [status, "failed 5.1.1", status];
  assert.deepEqual(send([...start, "451 4.3.0 no", "250 reset"]).results, mixed("deferred 4.3.0"));
  assert.deepEqual(send([...start, "354 go", "554 5.6.0 no"]).results, mixed("failed 5.6.0"));
  assert.deepEqual(send([...start, "354 go", "452 full"]).results, mixed("deferred 4.3.1"));
});

Deno.test("when the connection is lost, those without an answer wait", () => {
  const start = ["250 ok", "250 ok", "550 5.1.1 no"];
  const waits = "deferred 4.4.2";
  assert.deepEqual(send([LOST]).results, [waits, waits, waits]);
  assert.deepEqual(send([...start, LOST]).results, [waits, "failed 5.1.1", waits]);
  assert.deepEqual(send([...start, "250 ok", "354 go", LOST]).results, [
    waits,
    "failed 5.1.1",
    waits,
  ]);
});

Deno.test("a server that loses count of its replies is believed nothing", () => {
  const waits = ["deferred 4.4.2", "deferred 4.4.2", "deferred 4.4.2"];
  // Each reply comes twice: that to DATA would be one of RCPT, and the final one that of DATA.
  const twice = ["250 mail", "250 mail", "550 5.1.1 x", "550 5.1.1 x", "250 y"];
  const answered = send(twice, { isPipelined: true });
  assert.ok(answered.thrown instanceof ProtocolFault);
  assert.deepEqual(answered.results, waits);
  assert.deepEqual(send(["250 a", "250 b", "250 c", "250 d", "354 e", "354 e"]).results, waits);
  assert.deepEqual(send(["354 a"]).results, waits);
});

Deno.test("an LMTP server answers for each recipient that it has accepted", () => {
  const { did, results } = send(
    ["250 ok", "250 ok", "550 5.1.1 no", "250 ok", "354 go", "250 2.1.5 stored", "452 4.2.2 full"],
    { isLmtp: true },
  );
  assert.equal(did, "MAIL RCPT RCPT RCPT DATA <dots>");
  assert.deepEqual(results, ["delivered", "failed 5.1.1", "deferred 4.2.2"]);
});

Deno.test("chunks need no DATA", () => {
  const { did, results } = send(["250 ok", "250 ok", "250 ok", "550 5.1.1 no", "250 taken"], {
    isPipelined: true,
    inChunks: true,
  });
  assert.equal(did, "MAIL RCPT RCPT RCPT <chunks>");
  assert.deepEqual(results, ["delivered", "delivered", "failed 5.1.1"]);
});

Deno.test("a 421 ends the session: the others wait", () => {
  const waits = "deferred 4.4.2";
  const { did, results } = send(["250 ok", "250 ok", "421 4.3.2 bye", "250 reset"]);
  assert.equal(did, "MAIL RCPT RCPT RSET");
  assert.deepEqual(results, [waits, "deferred 4.3.2", waits]);
});
