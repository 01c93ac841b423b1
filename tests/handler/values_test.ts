import assert from "node:assert/strict";
import {
  chain,
  discard,
  type Event,
  type Handler,
  isPositive,
  Mailbox,
  on,
  pipe,
  procmail,
  relay,
  relayingDenied,
  type Reply,
  say,
  variable,
} from "postmaster";
import { ask, Client, MemoryStore, rcpt } from "postmaster/testing";
import { Header } from "../../src/message/fields.ts";
import { NO_PARAMETERS } from "../../src/smtp/parameters.ts";
import type { LogFields } from "../../src/log/event.ts";
import { onlyJoe } from "../server/policy.ts";

// Handlers are not always checked by a compiler: here they are as if nobody had.
// deno-lint-ignore no-explicit-any
type Anything = any;

const joe = Mailbox.parse("joe@example.net");
const BROKEN = "451 4.3.0 local error in processing";

/** Every object within a value, the value included. */
function objectsIn(value: unknown, found = new Set<object>()): Set<object> {
  if (typeof value !== "object" || value === null || found.has(value)) return found;
  found.add(value);
  for (const member of Object.values(value)) objectsIn(member, found);
  return found;
}

const assertFrozen = (value: unknown) => {
  for (const object of objectsIn(value)) assert.ok(Object.isFrozen(object), Deno.inspect(object));
};

/** What a session with a handler says, and which handlers broke. */
async function session(handler: Handler) {
  const broke: LogFields["handler broke"][] = [];
  const log = Object.assign(
    (event: string, fields: unknown) => {
      if (event === "handler broke") broke.push(fields as LogFields["handler broke"]);
    },
    { wants: () => true },
  );
  using client = Client.of(chain(handler, onlyJoe), { log });
  client.send(
    "EHLO c.example\r\nMAIL FROM:<a@example.org> SIZE=10\r\nRCPT TO:<joe@example.net>\r\nDATA\r\n" +
      "Subject: x\r\n\r\n.\r\nRCPT TO:<eve@example.org>\r\nXYZZY\r\nMAIL FROM:<a@> X\r\nQUIT\r\n",
  );
  const lines: string[] = [];
  for (let line = await client.line(); line !== undefined; line = await client.line()) {
    lines.push(line);
  }
  return { lines, broke };
}

/** Changes that handlers try on replies that they were given. */
const CHANGES: Readonly<Record<string, (reply: Anything) => void>> = {
  "a line": (reply) => reply.lines[0] = "ok\r\n250 smuggled",
  "the lines": (reply) => reply.lines = ["ok\r\n250 smuggled"],
  "the number of lines": (reply) => reply.lines.push("ok\r\n250 smuggled"),
  "the status": (reply) => reply.enhanced = "2.0.0\r\n250 smuggled",
  "the code": (reply) => reply.code = "250 ok\r\n250 smuggled",
};

for (const [what, change] of Object.entries(CHANGES)) {
  Deno.test(`a handler that changes ${what} of another's reply is broken, and nothing of it is sent`, async () => {
    const meddle: Handler = async (_event, next) => {
      const reply = await next();
      change(reply);
      return reply;
    };
    const { lines, broke } = await session(meddle);
    assert.deepEqual(lines, [BROKEN.replace("4.3.0 ", "")]);
    assert.deepEqual(broke.map(({ handler }) => handler), ["meddle"]);
    assert.match(broke[0]?.error ?? "", /^TypeError: [^]*values_test\.ts:\d+:\d+/);
  });
}

Deno.test("all replies, also those of the core and of constants, are frozen, routes and arguments included", async () => {
  const seen: Reply[] = [];
  const look: Handler = async (event, next) => {
    const reply = await next();
    seen.push(reply);
    assertFrozen(reply);
    if (event.type === "AddRcptTo" && isPositive(reply)) {
      assert.throws(() => (reply as Anything).routes.push(1), TypeError);
      assert.throws(() => (reply as Anything).routes[0].target = discard(), TypeError);
      assert.throws(() => (reply as Anything).routes[0].target.args.argv[0] = "rm", TypeError);
    }
    return reply;
  };
  const { broke } = await session(look);
  assert.deepEqual(broke, []);
  assert.equal(seen.length, 11); // also TalksEarly: the client sends all at once
  assertFrozen(relayingDenied);
  for (const target of [pipe(["a"], { user: "b" }), procmail("joe"), relay([joe]), discard()]) {
    assertFrozen(target);
  }
});

Deno.test("a handler's own reply and target are as they were when it answered", async () => {
  const argv = ["one"];
  const own = {
    code: 250,
    lines: ["yes"],
    routes: [{ recipient: joe, target: { target: "pipe", args: { argv } } }],
  };
  const outer = on("AddRcptTo", async (_event, next) => {
    const reply = await next();
    own.lines[0] = "yes\r\n250 smuggled";
    argv[0] = "two";
    own.routes = [];
    return reply;
  });
  const reply = await ask(chain(outer, on("AddRcptTo", () => own)), rcpt("joe@example.net"));
  assert.deepEqual(reply, {
    code: 250,
    lines: ["yes"],
    routes: [{ recipient: joe, target: { target: "pipe", args: { argv: ["one"] } } }],
  });
});

/** Gives another value each time. */
const changing = <T>(...values: T[]) => () => values.length > 1 ? values.shift() : values[0];
const EVIL = "ok\r\n250 smuggled";

const TWO_FACED: Readonly<Record<string, () => unknown>> = {
  "whose lines are a getter": () => {
    const get = changing(["ok"], [EVIL]);
    return Object.defineProperty({ code: 250 }, "lines", { get });
  },
  "whose line is a getter": () => {
    const get = changing("ok", EVIL);
    return { code: 250, lines: Object.defineProperty(["ok"], 0, { get }) };
  },
  "that is a Proxy": () => {
    const get = changing<unknown>(250, ["ok"], undefined, undefined, undefined, EVIL);
    return new Proxy({ code: 250, lines: ["ok"] }, { get });
  },
  "whose lines are a Proxy": () => {
    const line = changing("ok", EVIL);
    const get = (lines: Anything, key: Anything) => key === "0" ? line() : lines[key];
    return { code: 250, lines: new Proxy(["ok"], { get }) };
  },
  "whose status is an object": () => {
    const toString = changing("2.0.0", "2.0.0", EVIL);
    return { code: 250, lines: ["ok"], enhanced: { toString, charCodeAt: () => 50 } };
  },
  "whose line is an object": () => ({ code: 250, lines: [{ length: 1, toString: () => EVIL }] }),
  "whose lines have a map of their own": () => ({
    code: 250,
    lines: Object.assign(["ok"], { map: () => [EVIL], [Symbol.iterator]: () => [EVIL].values() }),
  }),
  "whose code is an object": () => ({
    code: { valueOf: () => 250, toString: () => EVIL },
    lines: ["ok"],
  }),
  "whose lines throw": () =>
    Object.defineProperty({ code: 250 }, "lines", {
      get: () => {
        throw new Error("lines");
      },
    }),
  "that is a target": () => procmail("joe"),
  "that is a route": () => ({ recipient: joe, target: procmail("joe") }),
};

for (const [what, make] of Object.entries(TWO_FACED)) {
  Deno.test(`a reply ${what} sends no line that was not checked`, async () => {
    const two = on("SayEhlo", async () => await Promise.resolve(make() as Reply));
    const { lines, broke } = await session(chain(on("SayEhlo", (_event, next) => next()), two));
    assert.ok(!lines.some((line) => line.includes("smuggled")), lines.join("\n"));
    assert.match(lines[1] ?? "", /^(250 ok|451 local error in processing)$/);
    assert.deepEqual(
      broke.map(({ handler }) => handler),
      lines[1] === "250 ok" ? [] : ["on(SayEhlo)"],
    );
  });
}

for (
  const [what, routes] of Object.entries({
    "a route without recipient": [{ target: discard() }],
    "a recipient that is a text": [{ recipient: "joe@example.net", target: discard() }],
    "a target without a name": [{ recipient: joe, target: { args: {} } }],
    "a function among the arguments": [
      { recipient: joe, target: { target: "pipe", args: { argv: [() => "x"] } } },
    ],
    "no list of routes": "everywhere",
  })
) {
  Deno.test(`an answer with ${what} is a broken handler`, async () => {
    const answer = { code: 250, lines: ["ok"], routes } as unknown as Reply;
    const { lines, broke } = await session(on("AddRcptTo", () => answer));
    assert.equal(lines.filter((line) => line === BROKEN).length, 1);
    assert.deepEqual(broke.map(({ handler }) => handler), ["on(AddRcptTo)"]);
  });
}

Deno.test("events, and what the session shows, are values too", async () => {
  const seen: Event[] = [];
  const look: Handler = (event, next, session) => {
    seen.push(event);
    assert.ok(Object.isFrozen(event), event.type);
    if (event.type === "SyntaxErrorIn") assertFrozen(event.fault);
    if (event.type === "Deliver") assertFrozen(event.routes);
    if ("mailbox" in event) assertFrozen(event.mailbox);
    if ("parameters" in event) {
      const parameters = event.parameters as Map<string, string>;
      assert.throws(() => parameters.set("SIZE", "1"), TypeError);
      assert.throws(() => parameters.delete("SIZE"), TypeError);
      assert.throws(() => parameters.clear(), TypeError);
    }
    for (const value of [session.peer, session.helo, session.transaction, session.recipients]) {
      assertFrozen(value);
    }
    assert.throws(() => (session as Anything).get = () => 1, TypeError);
    assert.throws(() => (session.dns as Anything).resolve = () => 1, TypeError);
    return next();
  };
  const { broke } = await session(look);
  assert.deepEqual(broke, []);
  assert.ok(seen.some(({ type }) => type === "Deliver"));
  assert.throws(() => (NO_PARAMETERS as Map<string, null>).set("X", null), TypeError);
  assert.throws(() => (joe as Anything).domain = "example.org", TypeError);
  assert.throws(() => (new Mailbox("a", "b", ["c"]).route as Anything).push("d"), TypeError);
});

Deno.test("what a handler passes on or triggers is a value from then on", async () => {
  const meddle = on("AddRcptTo", (event) => {
    (event as Anything).mailbox = joe;
    return discard();
  });
  const pass = on("AddRcptTo", (event, next) => next({ ...event }));
  const { broke } = await session(chain(pass, meddle));
  assert.deepEqual(broke.map(({ handler }) => handler), ["on(AddRcptTo)"]);
});

Deno.test("a handler cannot turn a limit into something else", async () => {
  const meddle: Handler = (event, next) => {
    if (event.type !== "LimitExceeded") return next();
    (event as Anything).type = "SayOK";
    return say(2, 5, 0, "go on");
  };
  using client = Client.of(meddle, { limits: { commandLength: 10 } });
  await client.reply();
  assert.equal((await client.command(`NOOP ${"x".repeat(100)}`)).code, 500);
});

Deno.test("a global value that a handler changes is as it was for all others", async () => {
  const globals = new MemoryStore();
  const list = variable("global", "list", () => ["first"]);
  const meddle = on("SayOK", async (_event, _next, session) => {
    const before = await session.get(list);
    before.push("mine");
    const text = JSON.stringify(await session.get(list));
    const updated = await session.update(list, (old) => [...old, "second"]);
    updated.push("mine");
    (await session.get(list)).push("mine");
    return say(2, 5, 0, `${text} ${JSON.stringify(await session.get(list))}`);
  });
  const reply = await ask(meddle, { type: "SayOK", argument: "" }, { globals });
  assert.deepEqual(reply.lines, ['["first"] ["first","second"]']);
});

Deno.test("variable() refuses a first value that all would share", () => {
  const shared: string[] = [];
  assert.throws(
    () => variable("session", "seen", () => shared),
    /first value of variable seen is one object.*`\(\) => \[\]`/,
  );
  variable("session", "frozen", () => Object.freeze(shared));
  variable("session", "own", () => new Map());
  const own = variable("session", "count", () => 0);
  assert.throws(() => (own as Anything).initial = () => 1, TypeError);
});

Deno.test("a header, its fields and the lists of them cannot be changed", () => {
  const header: Anything = new Header(new TextEncoder().encode("A: 1\r\nA: 2\r\n\r\n"));
  assert.throws(() => header.all("A").pop(), TypeError);
  assert.throws(() => header.all("B").push(1), TypeError);
  assert.throws(() => header.first("A").raw = " 3\r\n", TypeError);
  assert.throws(() => header.size = 0, TypeError);
});
