/**
 * Questions about mail in the queue: the session that handlers see, and what is made of their answers.
 * @module
 */
import assert from "node:assert/strict";
import {
  chain,
  type Event,
  type Handler,
  hold,
  Mailbox,
  on,
  onEvery,
  readParameter,
  relay,
  say,
  type Session,
  variable,
} from "postmaster";
import { firstMatch, impatient, reject, tarpit, trace, when } from "postmaster/handlers";
import { MemoryStore } from "postmaster/testing";
import { silent } from "../../src/log/event.ts";
import { attempt } from "../../src/queue/attempt.ts";
import type { RecipientState } from "../../src/queue/entry.ts";
import { toldOf } from "../../src/queue/tell.ts";
import { keeping } from "../../src/testing/outbox.ts";
import { askingOf, message, recipient, ROUTE, TO_PIPE } from "./asking.ts";

const before = (policy: Handler, setup?: Parameters<typeof askingOf>[1]) =>
  askingOf(policy, setup).asking.before(message, recipient, ROUTE);

Deno.test("without policy the mail goes where it would go", async () => {
  for (const policy of [chain(), on("BeforeDelivery", (_event, next) => next())]) {
    const { reply, handler } = await before(policy);
    assert.equal(reply.code, 250);
    assert.equal(handler, undefined);
    const [route] = reply.routes ?? [];
    assert.equal(String(route?.recipient), "ann@example.org");
    assert.deepEqual(route?.target, TO_PIPE);
    assert.deepEqual([route?.original, route?.parameters], [ROUTE.original, ROUTE.parameters]);
  }
});

Deno.test("a handler sees the session in which the message came", async () => {
  const seen: Record<string, unknown>[] = [];
  const policy = on("BeforeDelivery", (event, next, session) => {
    const { id, user, helo, tls, peer, listener, transaction, original } = session;
    seen.push({ id, user, helo, peer, listener, protocol: tls?.protocol, depth: session.depth });
    assert.equal(original, event);
    assert.equal(transaction?.id, "Q1");
    assert.equal(String(transaction?.mailFrom), "joe@example.net");
    assert.equal(readParameter(transaction!.parameters, "BODY"), "8BITMIME");
    assert.deepEqual(session.recipients.map(String), ["Ann@example.org"]);
    assert.deepEqual(transaction?.routes, [event.route]);
    assert.throws(() => Object.assign(event.last ?? {}, { reason: "fine" }), TypeError);
    assert.throws(() => Object.assign(event.route.target.args, { argv: [] }), TypeError);
    assert.equal(event.attempt, 3);
    assert.equal(event.destination, "example.org");
    assert.equal(event.last?.reason, "no answer");
    return next();
  });
  assert.equal((await before(policy)).reply.code, 250);
  assert.deepEqual(seen, [{
    ...{ id: "S1", user: "joe", protocol: "TLSv1.3", depth: 0 },
    helo: { name: "laptop.example.net", extended: true },
    peer: { address: "203.0.113.9", port: 4321 },
    listener: { address: "192.0.2.25:587", kind: "submission" },
  }]);
});

Deno.test("a handler defers, fails, holds or sends elsewhere, and is named", async () => {
  const answering = (answer: Parameters<typeof on<"BeforeDelivery">>[1]) =>
    before(on("BeforeDelivery", function policy(...args) {
      return answer(...args);
    }));
  const deferred = await answering(() => say(4, 5, 0, "not at night", "4.7.1"));
  assert.deepEqual([deferred.reply.code, deferred.handler], [450, "policy"]);
  const failed = await answering(() => say(5, 5, 0, "never", "5.7.1"));
  assert.deepEqual([failed.reply.code, failed.handler], [550, "policy"]);
  const held = await answering(() => hold("looks stolen"));
  assert.deepEqual([held.reply.hold, held.handler], ["looks stolen", "policy"]);
  const elsewhere = await answering(() => relay([Mailbox.parse("b@example.com")]));
  assert.deepEqual(
    elsewhere.reply.routes?.map(({ recipient, target }) => [`${recipient}`, target.target]),
    [["ann@example.org", "relay"]],
  );
});

Deno.test("a broken handler defers, and is named in the log", async () => {
  const broken: Record<string, Handler> = {
    throws: on("BeforeDelivery", function policy() {
      throw new Error("no such table");
    }),
    rejects: on("BeforeDelivery", async function policy() {
      await Promise.reject(new Error("no such table"));
      return say(5, 5, 0, "never");
    }),
    hangs: on("BeforeDelivery", function policy() {
      return new Promise(() => {});
    }),
    nowhere: on("BeforeDelivery", function policy() {
      return { code: 250, lines: ["go"] };
    }),
    "two places": on("BeforeDelivery", function policy({ route }) {
      return { code: 250, lines: ["go"], routes: [route, route] };
    }),
    nonsense: on("BeforeDelivery", function policy() {
      return "no" as never;
    }),
    "no target": on("BeforeDelivery", function policy() {
      return relay([Mailbox.parse("b@example.com")]);
    }),
  };
  for (const [name, policy] of Object.entries(broken)) {
    const { asking, logged } = askingOf(policy, { timeout: 20, relays: false });
    const { reply, handler } = await asking.before(message, recipient, ROUTE);
    assert.equal(reply.code, 451, name);
    assert.equal(handler, "policy", name);
    const [line] = logged.filter(({ event }) => event === "handler broke");
    assert.equal(line?.fields["handler"], "policy", name);
    assert.equal(line?.fields["session"], "S1", name);
    assert.equal(line?.fields["id"], "Q1", name);
  }
});

Deno.test("for a broken handler no mail is given up", async () => {
  const outcomeWith = async (policy: Handler) => {
    const { asking } = askingOf(policy);
    const options = {
      ...{ asking, targets: keeping([]), log: silent, now: Date.now },
      signal: new AbortController().signal,
    };
    const body = { size: 0, async *read() {} };
    const fates = await attempt(message, [recipient], body, options);
    const fate = fates.get(recipient);
    return fate !== undefined && "outcome" in fate ? fate.outcome : undefined;
  };
  const broken = on("BeforeDelivery", () => {
    throw new Error("no such table");
  });
  const deferred = { result: "deferred", status: "4.3.0", reason: "local error in processing" };
  assert.deepEqual(await outcomeWith(broken), { ...deferred, scope: "server" });
  const later = on("BeforeDelivery", () => say(4, 5, 1, "local error in processing", "4.3.0"));
  assert.deepEqual(await outcomeWith(later), deferred);
  const never = on("BeforeDelivery", () => say(5, 5, 0, "never", "5.7.1"));
  assert.deepEqual(await outcomeWith(never), {
    result: "failed",
    status: "5.7.1",
    reason: "never",
  });
  assert.deepEqual(await outcomeWith(chain()), { result: "delivered", reason: "kept" });
});

Deno.test("what hinders the target of the mail is for the target to say", async () => {
  const { asking, logged } = askingOf(
    on("BeforeDelivery", (_event, next) => next()),
    { relays: false },
  );
  const target = relay([Mailbox.parse("ann@example.org")]);
  const { reply } = await asking.before(message, recipient, { ...ROUTE, target });
  assert.equal(reply.routes?.[0]?.target.target, "relay");
  assert.deepEqual(logged, []);
});

Deno.test("AfterDelivery tells what became of the mail, and its reply changes nothing", async () => {
  const told: Event[] = [];
  const policy = on("AfterDelivery", async (event, _next, session) => {
    told.push(event);
    await new Promise((resolve) => setTimeout(resolve));
    session.log("heard");
    return say(5, 5, 0, "whatever");
  });
  const { asking, logged } = askingOf(policy);
  const outcome = { result: "failed", status: "5.1.1", reason: "unknown" } as const;
  const ended = { attempt: 3, outcome, ending: "failed", next: undefined } as const;
  asking.after(message, recipient, ROUTE, ended);
  await asking.idle();
  assert.equal(logged.length, 1);
  const [event] = told;
  assert.ok(event?.type === "AfterDelivery" && event.ending === "failed");
  assert.equal(event.outcome, outcome);
  assert.equal(logged[0]?.fields["id"], "Q1");
});

Deno.test("handlers are told how an attempt has ended, and nothing of what operators return", () => {
  const [time, due] = [Date.UTC(2026, 0, 1), Date.UTC(2026, 0, 2)];
  const outcome = { result: "deferred", status: "4.4.1", reason: "no answer" } as const;
  const told = (state: RecipientState, refusal?: string) =>
    toldOf({ ...recipient, refusal }, { outcome }, {
      settlement: { key: recipient.key, state },
      notice: undefined,
    });
  const waiting = told({ at: "waiting", due });
  assert.deepEqual([waiting?.attempt, waiting?.ending, waiting?.next], [
    3,
    "deferred",
    new Date(due),
  ]);
  const expired = told({ at: "ended", ending: "expired", time });
  assert.deepEqual([expired?.ending, expired?.next], ["expired", undefined]);
  assert.equal(told({ at: "ended", ending: "failed", time }, "not wanted"), undefined);
});

Deno.test("variables: global ones are shared, those of sessions and transactions are fresh", async () => {
  const global = variable("global", "seen", () => 0);
  const ofSession = variable("session", "seen", () => 0);
  const ofTransaction = variable("transaction", "seen", () => 0);
  const counts: number[][] = [];
  const policy = on("BeforeDelivery", async (_event, next, session) => {
    counts.push([
      await session.tick(global),
      session.tick(ofSession),
      session.tick(ofTransaction),
    ]);
    return next();
  });
  const { asking } = askingOf(policy, { globals: new MemoryStore() });
  await asking.before(message, recipient, ROUTE);
  await asking.before(message, recipient, ROUTE);
  assert.deepEqual(counts, [[1, 1, 1], [2, 1, 1]]);
});

Deno.test("a handler may ask where mail for another recipient goes", async () => {
  const policy = chain(
    on("BeforeDelivery", async (_event, next, session) => {
      const mailbox = Mailbox.parse("deputy@example.net");
      const reply = await session.trigger({ type: "AddRcptTo", mailbox, parameters: new Map() });
      return reply.routes === undefined ? next() : { ...reply, lines: ["to the deputy"] };
    }),
    on("AddRcptTo", () => TO_PIPE),
  );
  const { reply } = await before(policy);
  assert.deepEqual(reply.routes?.map(({ recipient }) => `${recipient}`), ["deputy@example.net"]);
});

Deno.test("the session of a question ends with the answer", async () => {
  let session: Session | undefined;
  const ended: boolean[] = [];
  const policy = on("BeforeDelivery", (_event, next, its) => {
    session = its;
    its.whenTransactionEnds((accepted) => void ended.push(accepted));
    its.whenAnswered(({ code }) => void ended.push(code === 250));
    return next();
  });
  await before(policy);
  assert.equal(session?.signal.aborted, true);
  assert.deepEqual(ended, [true, false]);
});

Deno.test("handlers that never heard of the queue are not asked", async () => {
  const refuses: Handler = () => say(5, 5, 0, "go away", "5.7.1");
  const policies: Handler[] = [
    refuses,
    chain(on("AddRcptTo", () => say(5, 5, 0, "no")), refuses),
    chain(impatient({ bound: 0, ban: "1 d" }), tarpit({ first: "50 s" }), refuses),
    when({ if: { user: true }, then: [refuses, reject()] }),
    firstMatch([{ if: { user: true }, then: refuses }]),
    chain(trace(), reject({ on: ["AddRcptTo", "Deliver"] })),
  ];
  for (const policy of policies) assert.equal((await before(policy)).reply.code, 250);
  assert.equal((await before(onEvery(refuses))).reply.code, 550);
});

Deno.test("conditions and traces reach deliveries", async () => {
  const late = reject({ on: "BeforeDelivery", text: "too late" });
  const wanted = { recipient: "@example.org", user: "joe", sender: "joe@example.net" } as const;
  for (
    const policy of [
      when({ if: wanted, then: late }),
      firstMatch([{ if: { user: "ann" }, then: reject() }, { if: wanted, then: late }]),
    ]
  ) {
    const { asking, logged } = askingOf(chain(trace(), impatient({ bound: 0 }), policy));
    const { reply, handler } = await asking.before(message, recipient, ROUTE);
    assert.deepEqual([reply.code, handler], [550, "reject"]);
    assert.match(String(logged[0]?.fields["text"]), /^BeforeDelivery ann@example.org \(pipe\)/);
  }
  const mailbox = Mailbox.parse("ann@example.com");
  const { asking } = askingOf(when({ if: wanted, then: late }));
  const other = { ...recipient, original: undefined, recipient: "ann@example.com" };
  const elsewhere = { ...ROUTE, recipient: mailbox };
  assert.equal((await asking.before(message, other, elsewhere)).reply.code, 250);
});
