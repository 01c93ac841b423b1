import assert from "node:assert/strict";
import { chain, type Handler, named, on, prepend, type Reply, say } from "postmaster";
import { Client, type ClientOptions, FakeClock } from "postmaster/testing";
import { onlyJoe } from "./policy.ts";

/** A client, and the clock that it lives by. */
function clocked(policy: Handler, options: ClientOptions = {}) {
  const clock = new FakeClock();
  return { client: Client.of(policy, { ...options, clock }), clock };
}

const MINUTE = 60_000;
const ENVELOPE =
  "EHLO c.example\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<joe@example.net>\r\nDATA\r\n";

async function skip(client: Client, replies: number): Promise<void> {
  for (let i = 0; i < replies; i++) await client.reply();
}

Deno.test("a client that sends no command for five minutes gets 421", async () => {
  const { client, clock } = clocked(onlyJoe);
  await client.reply();
  clock.advance(5 * MINUTE);
  assert.equal((await client.command("NOOP")).code, 250);
  clock.advance(5 * MINUTE + 1);
  assert.deepEqual(await client.reply(), {
    code: 421,
    enhanced: "4.4.2",
    lines: ["timeout waiting for a command"],
  });
  assert.equal(await client.line(), undefined);
});

Deno.test("the deadline of a command is absolute: bytes that dribble in do not move it", async () => {
  const { client, clock } = clocked(onlyJoe);
  await client.reply();
  for (const byte of "NOOP ") {
    client.send(byte);
    clock.advance(MINUTE + 1);
  }
  assert.equal((await client.reply()).code, 421);
});

Deno.test("a message that pauses, crawls or takes too long gets 421", async () => {
  for (
    const [limits, step, times] of [
      [{}, 3 * MINUTE + 1, 1],
      [{ dataRate: 1000 }, 31_000, 2],
      [{ messageTimeout: 10 * MINUTE, dataRate: 0 }, 2 * MINUTE + 1, 5],
    ] as const
  ) {
    const { client, clock } = clocked(onlyJoe, { limits });
    client.send(ENVELOPE);
    await skip(client, 5);
    for (let i = 0; i < times; i++) {
      assert.equal(client.closed, false);
      client.send("some text\r\n");
      clock.advance(step);
    }
    assert.equal((await client.reply()).code, 421);
    assert.equal(await client.line(), undefined);
    assert.equal(client.kept.length, 0);
  }
});

Deno.test("a handler that does not answer in time gives 451, and its late answer is nobody's", async () => {
  const asked = Promise.withResolvers<(answer: Reply) => void>();
  const slow = on("AddRcptTo", () => new Promise<Reply>((r) => asked.resolve(r)));
  const { client, clock } = clocked(slow);
  client.send("HELO c.example\r\nMAIL FROM:<>\r\nRCPT TO:<joe@example.net>\r\n");
  const answer = await asked.promise;
  clock.advance(MINUTE + 1);
  await skip(client, 3);
  assert.equal((await client.reply()).code, 451);
  answer(say(5, 5, 0, "late"));
  assert.equal((await client.command("NOOP")).code, 250);
});

Deno.test("a delivery that does not end in time gives 451 and its signal is aborted", async () => {
  const hanging = Promise.withResolvers<AbortSignal>();
  const hang = on("Deliver", ({ signal }) => {
    hanging.resolve(signal);
    return new Promise<never>(() => {});
  });
  const { client, clock } = clocked(chain(hang, onlyJoe));
  client.send(`${ENVELOPE}text\r\n.\r\n`);
  const signal = await hanging.promise;
  clock.advance(5 * MINUTE + 1);
  await skip(client, 5);
  assert.equal((await client.reply()).code, 451);
  assert.equal(signal.aborted, true);
  assert.equal((await client.command("NOOP")).code, 250);
});

Deno.test("a body that does not come in time is its handler's fault, not that of whoever reads it", async () => {
  const hanging = Promise.withResolvers<void>();
  const passing = (name: string, change: (body: AsyncIterable<Uint8Array>) => typeof body) =>
    named(name, on("Deliver", (event, next) => next({ ...event, body: change(event.body) })));
  const innocent = passing("innocent", (body) => prepend(body, "X: y\r\n"));
  const culprit = passing("culprit", async function* (body) {
    yield* body;
    hanging.resolve();
    await new Promise<never>(() => {});
  });
  const broke: unknown[] = [];
  const log = Object.assign(
    (event: string, fields: object) =>
      event === "handler broke" && void broke.push({ ...fields, session: "" }),
    { wants: () => true },
  );
  const { client, clock } = clocked(chain(innocent, culprit, innocent, onlyJoe), { log });
  client.send(`${ENVELOPE}text\r\n.\r\n`);
  await hanging.promise;
  clock.advance(5 * MINUTE + 1);
  await skip(client, 5);
  assert.equal((await client.reply()).code, 451);
  assert.partialDeepStrictEqual(broke, [
    { handler: "culprit", event: "Deliver", error: "did not answer in time" },
  ]);
  assert.equal(broke.length, 1);
});

Deno.test("more recipients than the cap get 452, and those before it stay", async () => {
  using client = Client.of(onlyJoe, { limits: { recipients: 2 } });
  client.send("HELO c.example\r\nMAIL FROM:<>\r\n");
  await skip(client, 3);
  for (const code of [250, 250, 452, 452]) {
    assert.equal((await client.command("RCPT TO:<joe@example.net>")).code, code);
  }
  assert.equal((await client.command("DATA")).code, 354);
});

Deno.test("too many errors end the session, refused recipients are none", async () => {
  using client = Client.of(onlyJoe, { limits: { errors: 3 } });
  client.send("HELO c.example\r\nMAIL FROM:<>\r\n");
  await skip(client, 3);
  for (let i = 0; i < 10; i++) {
    assert.equal((await client.command("RCPT TO:<nobody@example.com>")).code, 550);
  }
  for (const code of [500, 500, 500]) assert.equal((await client.command("XFOO")).code, code);
  assert.deepEqual(await client.command("XFOO"), {
    code: 421,
    enhanced: "4.7.0",
    lines: ["too many errors"],
  });
  assert.equal(await client.line(), undefined);
});

Deno.test("more messages than the cap get 421", async () => {
  using client = Client.of(onlyJoe, { limits: { messagesPerConnection: 1 } });
  client.send(`${ENVELOPE}text\r\n.\r\n`);
  await skip(client, 6);
  assert.equal((await client.command("MAIL FROM:<>")).code, 421);
});

Deno.test("no handler can weaken a limit", async () => {
  const generous: Handler = async (event, next) => {
    const reply = await next();
    return event.type === "LimitExceeded" ? say(2, 5, 0, "never mind") : reply;
  };
  using client = Client.of(chain(generous, onlyJoe), { limits: { recipients: 1 } });
  client.send("HELO c.example\r\nMAIL FROM:<>\r\nRCPT TO:<joe@example.net>\r\n");
  await skip(client, 4);
  assert.equal((await client.command("RCPT TO:<joe@example.net>")).code, 452);
});
