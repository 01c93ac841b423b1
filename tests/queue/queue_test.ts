/**
 * The queue in this process: nothing is lost, nothing waits in vain, and nothing is delivered twice.
 * @module
 */
import assert from "node:assert/strict";
import { until } from "../running.ts";
import { chain, on, type Outcome, type Route, type Target } from "postmaster";
import { DEFERRED, DELIVERED, FAILED, queueOf, routeTo, targetOf } from "./queue_kit.ts";

Deno.test("a destination that may take little at a time keeps nobody waiting in vain", async () => {
  const delivered = { "slow.example": 0, "other.example": 0 };
  const type = targetOf((mailbox) => {
    delivered[mailbox.split("@")[1] as keyof typeof delivered]++;
    return DELIVERED;
  }, { destination: (_args, { recipient }) => recipient.domain });
  await using test = queueOf(type, {
    destinations: { "slow.example": { rate: { times: 1, span: 20 } } },
  });
  for (let i = 0; i < 2100; i++) await test.accept([`u${i}@slow.example`]);
  const before = delivered["slow.example"];
  await until("it goes on by itself", () => delivered["slow.example"] > before + 3);
  await test.accept(["joe@other.example"], { after: 1 });
  await until("mail from the store is delivered", () => delivered["other.example"] === 1);
  assert.ok(delivered["slow.example"] < 1000);
});

Deno.test("mail that is released while it is delivered is not delivered once more", async () => {
  const gate = Promise.withResolvers<void>();
  const begun: string[] = [];
  const type = targetOf(async (recipient) => {
    begun.push(recipient);
    if (recipient === "joe@example.net") await gate.promise;
    return DELIVERED;
  });
  await using test = queueOf(type);
  await test.accept(["joe@example.net"]);
  await until("it is delivered", () => begun.length === 1);
  const { desk } = test.queue;
  const page = { after: 0, limit: 10, dryRun: false };
  await desk.change({}, { kind: "hold", reason: "a look" }, page);
  await desk.change({}, { kind: "release", due: Date.now() }, page);
  const state = async () => (await test.all())[0]?.recipient.state.at;
  await until("the store has given it once more", async () => await state() === "active");
  await test.accept(["ann@example.net"], { after: 1 });
  await until("what came later is delivered", () => begun.includes("ann@example.net"));
  gate.resolve();
  await until("it has ended", async () => await state() === "ended");
  await test.queue.stop();
  assert.deepEqual(begun, ["joe@example.net", "ann@example.net"]);
});

Deno.test("what an operator holds is not delivered, however new it is", async () => {
  const gate = Promise.withResolvers<void>();
  const begun: string[] = [];
  const type = targetOf(async (recipient) => {
    begun.push(recipient);
    await gate.promise;
    return DELIVERED;
  });
  await using test = queueOf(type, { concurrency: 1 });
  await test.accept(["joe@example.net"]);
  await test.accept(["ann@example.net"]);
  await test.queue.desk.change(
    { to: "ann" },
    { kind: "hold", reason: "a look" },
    { after: 0, limit: 10, dryRun: false },
  );
  await test.accept(["bob@example.net"]);
  gate.resolve();
  await until("the others are delivered", () => begun.includes("bob@example.net"));
  assert.deepEqual(begun, ["joe@example.net", "bob@example.net"]);
});

Deno.test("a copy of a report that fails is no double bounce", async () => {
  const policy = chain(
    on("AddRcptTo", ({ mailbox }) => ({
      ...{ code: 250, lines: ["ok"] },
      routes: [routeTo(String(mailbox)), { ...routeTo("archive@example.net"), copy: true }],
    })),
  );
  const type = targetOf((recipient) => recipient === "you@example.org" ? DELIVERED : FAILED);
  await using test = queueOf(type, { policy });
  await test.accept(["joe@example.net"]);
  await until("the copy is lost", () => test.logged.includes("copy lost"));
  await test.queue.stop();
  const mailboxes = (await test.all()).map(({ recipient: { recipient } }) => recipient);
  assert.deepEqual(mailboxes, [
    ...["joe@example.net", "you@example.org"], // the report, before its place is known
    ...["you@example.org", "archive@example.net"],
  ]);
});

Deno.test("mail that was not tried begins again, without an attempt, a log line or a word to handlers", async () => {
  let times = 0;
  const told: number[] = [];
  const type = targetOf(() => ++times < 3 ? { ...DEFERRED, later: 1 } as Outcome : DELIVERED);
  const policy = on("AfterDelivery", ({ attempt }, next) => {
    told.push(attempt);
    return next();
  });
  await using kit = queueOf(type, { policy });
  await kit.accept(["a@example.net"]);
  await until("it has ended", async () => (await kit.all())[0]!.recipient.state.at === "ended");
  const [{ recipient } = assert.fail()] = await kit.all();
  assert.deepEqual([times, recipient.attempts, told], [3, 1, [1]]);
  assert.deepEqual(kit.logged, ["delivered"]);
});

Deno.test("a copy goes on with the wish that its sender is told nothing", async () => {
  const told = new Map<string, unknown>();
  const type = targetOf(() => DELIVERED);
  const seeing: typeof type = {
    ...type,
    open: async (args, context) => {
      const delivery = await type.open(args, context);
      return Object.assign(delivery, {
        recipient: ({ recipient, parameters }: Omit<Route, "target">) =>
          void told.set(`${recipient}`, parameters?.get("NOTIFY")),
        commit: () => Promise.resolve([DELIVERED]),
      });
    },
  };
  await using test = queueOf(seeing);
  await test.accept(["joe@example.net", { ...routeTo("archive@example.net"), copy: true }]);
  await until("both are delivered", () => told.size === 2);
  assert.deepEqual([...told], [["joe@example.net", undefined], ["archive@example.net", "NEVER"]]);
});

Deno.test("a message that the server has written goes as it is, and nobody is told of its end", async () => {
  const text = "Subject: a report\r\n\r\nHello\r\n";
  const bodies: string[] = [];
  const type = targetOf(() => FAILED, {
    open: () => ({
      recipient: () => {},
      body: async (message) => {
        for await (const chunk of message.read()) bodies.push(new TextDecoder().decode(chunk));
      },
      commit: () => Promise.resolve([FAILED]),
      abort: () => Promise.resolve(),
    }),
  });
  const policy = on("AddRcptTo", () => ({ target: "test", args: {} }));
  await using test = queueOf(type, { policy });
  const octets = new TextEncoder().encode(text);
  const messageId = "<1@mx.example.net>";
  await test.queue.sendWritten({ to: "tls@example.org", messageId, octets });
  await until("it has ended", async () => {
    const all = await test.all();
    return all.length > 0 && all.every(({ recipient }) => recipient.state.at === "ended");
  });
  assert.equal(bodies.join(""), text);
  assert.deepEqual(test.logged.filter((event) => event === "reported"), []);
  assert.ok(test.logged.includes("failed"));
});

Deno.test("mail that a handler sends to several places at once has arrived if it has arrived at all of them", async () => {
  const tried: unknown[] = [];
  const placesOf = ({ args }: Target) => (args["to"] ?? []) as readonly string[];
  const type = targetOf(() => DELIVERED, {
    split: (args) => placesOf({ target: "test", args }).map((one) => ({ to: [one] })),
    open: () => {
      const outcomes: Outcome[] = [];
      return {
        recipient: ({ target }) => {
          const places = placesOf(target);
          tried.push(...places);
          outcomes.push(places.includes("a") ? FAILED : DELIVERED);
        },
        body: () => Promise.resolve(),
        commit: () => Promise.resolve(outcomes),
        abort: () => Promise.resolve(),
      };
    },
  });
  const policy = on("BeforeDelivery", () => ({ target: "test", args: { to: ["a", "b"] } }));
  await using test = queueOf(type, { policy });
  await test.accept(["joe@example.net"]);
  await until("it has ended", async () => {
    const all = await test.all();
    return all.some(({ recipient }) =>
      recipient.recipient === "joe@example.net" && recipient.state.at === "ended"
    );
  });
  const [joe] = await test.all();
  const { state, last } = joe!.recipient;
  assert.equal(state.at === "ended" && state.ending, "failed");
  assert.equal(last?.outcome.reason, FAILED.reason);
  assert.deepEqual(tried.slice(0, 2).sort(), ["a", "b"]);
});
