import assert from "node:assert/strict";
import {
  chain,
  type Event,
  type Handler,
  handlerNames,
  Mailbox,
  named,
  on,
  procmail,
  say,
  type Step,
  variable,
} from "postmaster";
import { ask, Client, mail, MemoryStore, rcpt } from "postmaster/testing";

const joe = Mailbox.parse("joe@example.net");
const accept: Handler = on(
  "AddRcptTo",
  ({ mailbox }, next) => mailbox.equals(joe) ? procmail("joe") : next(),
);

Deno.test("on() answers its events and passes on all others", async () => {
  const handler = on("AddRcptTo", () => say(5, 5, 3, "unknown recipient"));
  assert.equal((await ask(handler, rcpt("joe@example.net"))).code, 553);
  assert.equal((await ask(handler, mail("joe@example.net"))).code, 250);
});

Deno.test("on() knows the events, and wants a function, also where nobody checks types", () => {
  const untyped = on as unknown as (type: unknown, answer: unknown) => Handler;
  assert.throws(
    () => untyped("AddRcptTO", () => say(5, 5, 0, "no")),
    /^TypeError: there is no event `AddRcptTO`: did you mean `AddRcptTo`\?$/,
  );
  assert.throws(
    () => untyped(["SayOK", "Everything"], () => say(5, 5, 0, "no")),
    /no event `Everything`: write one of `Greeting`, /,
  );
  assert.throws(() => untyped("SayOK", say(5, 5, 0, "no")), /`on` needs a function/);
});

Deno.test("a target as an answer accepts the recipient and is its route", async () => {
  const { code, routes } = await ask(accept, rcpt("joe@EXAMPLE.net"));
  assert.equal(code, 250);
  assert.deepEqual(routes?.map(({ recipient, target }) => [String(recipient), target]), [
    ["joe@EXAMPLE.net", procmail("joe")],
  ]);
});

Deno.test("chain() asks the outermost first and hands replies back the same way", async () => {
  const seen: string[] = [];
  const note = (name: string): Handler => async (_event, next) => {
    seen.push(`${name} in`);
    const reply = await next();
    seen.push(`${name} out`);
    return reply;
  };
  await ask(chain(note("a"), chain(note("b"), note("c"))), { type: "SayOK", argument: "" });
  assert.deepEqual(seen, ["a in", "b in", "c in", "c out", "b out", "a out"]);
});

Deno.test("chain() of nothing passes on", async () => {
  assert.equal((await ask(chain(), { type: "SayOK", argument: "" })).code, 250);
});

Deno.test("chain() and named() want functions, also where nobody checks types", () => {
  const pass = on("SayOK", (_event, next) => next());
  // @ts-expect-error: `map` gives an index and the list as well
  assert.throws(() => [pass, pass].map(chain), /a handler is a function, not 0/);
  // @ts-expect-error: no handler
  assert.throws(() => named("x", undefined), /a handler is a function, not undefined/);
});

Deno.test("names are those given, of functions, or of events", () => {
  const policy: Handler = (_event, next) => next();
  assert.deepEqual(
    handlerNames(
      chain(
        policy,
        on("SayOK", (_e, next) => next()),
        named("x", policy),
        named("y", chain(policy, policy)),
      ),
    ),
    ["policy", "on(SayOK)", "x", "y > policy", "y > policy"],
  );
});

Deno.test("trigger() runs the whole chain again, and the depth tells", async () => {
  const depths: number[] = [];
  const outside: Handler = (_event, next, session) => {
    depths.push(session.depth);
    return next();
  };
  const alias = on(
    "AddRcptTo",
    (event, next, session) =>
      event.mailbox.local === "webmaster" ? session.trigger({ ...event, mailbox: joe }) : next(),
  );
  const reply = await ask(chain(outside, alias, accept), rcpt("webmaster@example.net"));
  assert.equal(reply.code, 250);
  assert.deepEqual(depths, [0, 1]);
});

Deno.test("say() throws for what cannot stand in a reply", () => {
  for (const text of ["a\r\nb", "a\nb", "caf\u00e9", "\0", "\u760d\u760a", "x".repeat(491)]) {
    assert.throws(() => say(5, 5, 0, text), TypeError);
  }
  assert.throws(() => say(5, 5, 0, []), TypeError);
  assert.throws(() => say(5, 5, 0, "x", "5.1" as never), TypeError);
});

Deno.test("session variables last a session, transaction variables a transaction", async () => {
  const inSession = variable("session", "n", () => 0);
  const inTransaction = variable("transaction", "n", () => 10);
  const counter = on(
    "AddRcptTo",
    (_event, _next, session) =>
      say(5, 5, 0, `${session.tick(inSession)} ${session.update(inTransaction, (n) => n + 1)}`),
  );
  using client = Client.of(counter);
  await client.reply();
  await client.command("HELO c.example");
  const texts: string[] = [];
  for (const end of ["RSET", "HELO c.example"]) {
    await client.command("MAIL FROM:<>");
    for (let i = 0; i < 2; i++) {
      texts.push((await client.command("RCPT TO:<joe@example.net>")).lines.join());
    }
    await client.command(end);
  }
  assert.deepEqual(texts, ["1 11", "2 12", "3 11", "4 12"]);
});

Deno.test("what SetMailFrom puts into a transaction variable is there for its recipients only", async () => {
  const size = variable("transaction", "size", () => "none");
  const policy = chain(
    on("SetMailFrom", (event, next, session) => {
      session.set(size, event.parameters.get("SIZE") ?? "unknown");
      return next();
    }),
    on("AddRcptTo", (_event, _next, session) => say(5, 5, 0, session.get(size))),
  );
  using client = Client.of(policy);
  await client.reply();
  await client.command("HELO c.example");
  await client.command("MAIL FROM:<a@example.org> SIZE=7");
  assert.deepEqual((await client.command("RCPT TO:<b@example.net>")).lines, ["7"]);
  await client.command("RSET");
  await client.command("MAIL FROM:<a@example.org>");
  assert.deepEqual((await client.command("RCPT TO:<b@example.net>")).lines, ["unknown"]);
});

Deno.test("global variables are shared, and updates do not get lost", async () => {
  const total = variable("global", "total", () => 0);
  const globals = new MemoryStore();
  const counter = on(
    "SayOK",
    async (_event, _next, session) =>
      say(2, 5, 0, String(await session.update(total, (n) => n + 1))),
  );
  const replies = await Promise.all(
    Array.from({ length: 50 }, () => ask(counter, { type: "SayOK", argument: "" }, { globals })),
  );
  const numbers = replies.map(({ lines }) => Number(lines[0])).sort((a, b) => a - b);
  assert.deepEqual(numbers, Array.from({ length: 50 }, (_, i) => i + 1));
});

/** What `record` gives for the question that is put to the handler. */
async function recording(handler: Handler, event: Event): Promise<readonly Step[]> {
  let recorded: readonly Step[] = [];
  const recorder: Handler = async (_event, next, session) => {
    if (session.depth > 0) return await next();
    const { reply, steps } = await session.record(() => next());
    recorded = steps;
    return reply;
  };
  await ask(chain(recorder, handler), event);
  return recorded;
}

/** A step and those inside it, in short: `rewrite(x -> joe 250: …)`. */
function shown({ handler, event, passed, reply, inner }: Step): string {
  const local = (one: Event) => "mailbox" in one ? one.mailbox?.local : "";
  const way = [event, ...passed].map(local).join(" -> ");
  const inside = inner.length === 0 ? "" : `: ${inner.map(shown).join(", ")}`;
  return `${handler}(${way} ${reply?.code}${inside})`;
}

Deno.test("record() shows who saw what, what they passed on and what they answered", async () => {
  const rewrite = named(
    "rewrite",
    on("AddRcptTo", (event, next) => next({ ...event, mailbox: joe })),
  );
  const steps = await recording(chain(rewrite, named("accept", accept)), rcpt("x@example.net"));
  assert.deepEqual(steps.map(shown), ["rewrite(x -> joe 250: accept(joe 250))"]);
});

Deno.test("record() knows who triggered what, even if it all happens at once", async () => {
  const later = (event: Event) => new Promise<Event>((resolve) => setTimeout(() => resolve(event)));
  const list = named(
    "list",
    on("AddRcptTo", async (event, next, session) => {
      if (event.mailbox.local !== "list") return next();
      const members = ["joe", "jane"].map(async (local) => {
        const mailbox = new Mailbox(local, "example.net");
        return await session.trigger(await later({ ...event, mailbox }));
      });
      const replies = await Promise.all(members);
      return replies[0]!;
    }),
  );
  const slow: Handler = async (event, next) => next(await later(event));
  const steps = await recording(
    chain(named("slow", slow), list, named("accept", accept)),
    rcpt("list@example.net"),
  );
  const [joes, janes] = [
    "recorder(joe -> joe 250: slow(joe -> joe 250: list(joe -> joe 250: accept(joe 250))))",
    "recorder(jane -> jane 550: slow(jane -> jane 550: list(jane -> jane 550: accept(jane -> jane 550: core(jane 550)))))",
  ];
  assert.deepEqual(steps.map(shown), [
    `slow(list -> list 250: list(list 250: ${joes}, ${janes}))`,
  ]);
});

Deno.test("record() inside record() has the part of the steps that is its own", async () => {
  let inner: readonly Step[] = [];
  const second: Handler = async (_event, next, session) => {
    const { reply, steps } = await session.record(() => next());
    inner = steps;
    return reply;
  };
  const steps = await recording(
    chain(named("second", second), named("accept", accept)),
    rcpt("joe@example.net"),
  );
  assert.deepEqual(steps.map(shown), ["second(joe -> joe 250: accept(joe 250))"]);
  assert.deepEqual(inner.map(shown), ["accept(joe 250)"]);
});

Deno.test("a handler that throws is a 451 for those outside it, who may reword it", async () => {
  const outside: Handler = async (_event, next) => {
    const reply = await next();
    return reply.code === 451 ? { ...reply, lines: ["sorry"] } : reply;
  };
  const inside = on("SayOK", () => {
    throw new Error("oops");
  });
  const reply = await ask(chain(outside, inside), { type: "SayOK", argument: "" });
  assert.deepEqual([reply.code, reply.lines], [451, ["sorry"]]);
});

Deno.test("the signal of a session is aborted when the client goes away", async () => {
  const signals: AbortSignal[] = [];
  const client = Client.of(on("SayOK", (_event, next, session) => {
    signals.push(session.signal);
    return next();
  }));
  await client.reply();
  await client.command("NOOP");
  assert.equal(signals[0]?.aborted, false);
  client.hangUp();
  assert.equal(signals[0]?.aborted, true);
});
