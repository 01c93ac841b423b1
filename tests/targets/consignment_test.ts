import assert from "node:assert/strict";
import { consign, handOver } from "../../src/targets/consignment.ts";
import { Mailbox } from "../../src/smtp/mailbox.ts";
import { type Delivery, type Outcome, Targets } from "../../src/targets/target.ts";
import { ENVELOPE, HELLO } from "../targets/deliver.ts";

const REFUSED: Outcome = { result: "failed", status: "5.1.1", reason: "nobody of that name" };
const log = Object.assign(() => {}, { wants: () => false });
const context = { envelope: ENVELOPE, log, signal: new AbortController().signal };

/** Has joe's mail delivered by a delivery that has these steps; gives the steps taken, and what came of it. */
async function delivering(odd: Partial<Delivery>) {
  const taken: string[] = [];
  const usual: Delivery = {
    recipient: () => undefined,
    body: () => Promise.resolve(),
    commit: () => Promise.resolve([{ result: "delivered", reason: "here" }]),
    abort: () => Promise.resolve(),
  };
  const steps: Delivery = { ...usual, ...odd };
  const delivery: Delivery = {
    recipient: (addressee) => (taken.push("recipient"), steps.recipient(addressee)),
    body: (message) => (taken.push("body"), steps.body(message)),
    commit: () => (taken.push("commit"), steps.commit()),
    abort: () => (taken.push("abort"), steps.abort()),
  };
  const targets = new Targets({
    odd: { readsBody: true, faultIn: () => undefined, open: () => delivery },
  });
  const target = { target: "odd", args: {} };
  const { own } = consign([{ recipient: Mailbox.parse("joe@example.net"), target }], targets);
  const [result] = await handOver(own, HELLO, context);
  return { taken, outcome: result?.outcome };
}

Deno.test("a delivery is committed once it has its recipients and the message", async () => {
  const { taken, outcome } = await delivering({});
  assert.deepEqual(taken, ["recipient", "body", "commit"]);
  assert.equal(outcome?.result, "delivered");
});

Deno.test("a delivery that has settled all its recipients early is aborted", async () => {
  const { taken, outcome } = await delivering({ recipient: () => REFUSED });
  assert.deepEqual(taken, ["recipient", "abort"]);
  assert.equal(outcome, REFUSED);
});

const ABORTS: Record<string, Delivery["abort"]> = {
  "throws": () => {
    throw new Error("cannot undo that");
  },
  "rejects": () => Promise.reject(new Error("cannot undo that")),
};

for (const [what, abort] of Object.entries(ABORTS)) {
  Deno.test(`an abort that ${what} changes no outcome`, async () => {
    const refusing = await delivering({ recipient: () => REFUSED, abort });
    assert.equal(refusing.outcome, REFUSED);
    const broken = await delivering({
      body: () => Promise.reject(new Error("full")),
      abort,
    });
    assert.deepEqual(broken.taken, ["recipient", "body", "abort"]);
    assert.equal(broken.outcome?.result, "deferred");
    assert.equal(broken.outcome && "cause" in broken.outcome && broken.outcome.cause, "full");
  });
}

Deno.test("mail for a target that a restart does not know, or whose arguments make no sense any more, waits", async () => {
  const opened: string[] = [];
  const targets = new Targets({
    changed: {
      readsBody: true,
      faultIn: () => "directory: expected string, received undefined",
      plan: () => {
        throw new TypeError("the plan needs arguments that make sense");
      },
      destination: () => {
        throw new TypeError("so does the destination");
      },
      open: () => {
        throw new Error(`opened ${opened.push("changed")}`);
      },
    },
  });
  for (
    const [name, cause] of [
      ["gone", 'there is no target "gone"'],
      ["changed", "directory: expected string, received undefined"],
    ] as const
  ) {
    const route = {
      recipient: Mailbox.parse("joe@example.net"),
      target: { target: name, args: {} },
    };
    const [result] = await handOver(consign([route], targets).own, HELLO, context);
    assert.deepEqual(result?.outcome, {
      ...{ result: "deferred", status: "4.3.0", reason: "local delivery failed", cause },
      scope: "server", // such mail is never given up
    });
    assert.equal(result?.plan(), undefined);
    assert.equal(targets.destinationOf(route.target, route), `${name} joe@example.net`);
  }
  assert.deepEqual(opened, []);
});
