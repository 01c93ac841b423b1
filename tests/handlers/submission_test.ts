/**
 * The handlers for mail that users submit.
 *
 * @module
 */
import assert from "node:assert/strict";
import { chain, discard, type Event, type Handler, on, say } from "postmaster";
import { ask, Client, ENCRYPTED, FakeClock, mail, MemoryStore } from "postmaster/testing";
import { authLimit, requireAuth, requireTls } from "postmaster/handlers";

const everybody = on("AddRcptTo", () => discard());
const status = async (...asked: Parameters<typeof ask>): Promise<string> => {
  const { code, enhanced } = await ask(...asked);
  return `${code} ${enhanced}`;
};
const ASKED: readonly Event[] = [
  mail("joe@example.net"),
  mail(null),
  { type: "Verify", argument: "joe" },
  { type: "Expand", argument: "all" },
];

Deno.test("requireTls() refuses what is said in clear text", async () => {
  for (const event of ASKED) {
    assert.equal(await status(requireTls(), event), "530 5.7.0", event.type);
    assert.equal(await status(requireTls(), event, { user: "joe" }), "530 5.7.0");
    assert.notEqual(await status(requireTls(), event, { tls: ENCRYPTED }), "530 5.7.0");
  }
});

Deno.test("requireAuth() refuses strangers", async () => {
  for (const event of ASKED) {
    assert.equal(await status(requireAuth(), event, { tls: ENCRYPTED }), "530 5.7.0", event.type);
    assert.notEqual(await status(requireAuth(), event, { user: "joe" }), "530 5.7.0");
  }
});

Deno.test("authLimit() counts what a user sends in all his sessions", async () => {
  const clock = new FakeClock();
  const start = Date.parse("2026-01-01T00:00:00Z");
  const now = () => start + clock.now;
  const globals = new MemoryStore({ now });
  const policy = chain(
    authLimit({ messages: 3, recipients: 4 }),
    on("Deliver", async (_event, next, { recipients: [{ local } = { local: "" }] }) => {
      const reply = await next();
      return local === "spam" ? say(5, 5, 4, "spam") : reply;
    }),
    everybody,
  );
  const send = async (user: string | undefined, ...to: readonly string[]) => {
    const client = await connected(policy, { clock, globals, time: new Date(now()), user });
    const { code, lines } = await client.command("MAIL FROM:<joe@example.net>");
    if (code !== 250) return `MAIL ${code} ${lines[0]}`;
    for (const one of to) {
      const { code, enhanced } = await client.command(`RCPT TO:<${one}@example.org>`);
      if (code === 250) continue;
      client.hangUp();
      return `RCPT ${code} ${enhanced}`;
    }
    await client.command("DATA");
    return `${(await client.command("Subject: x\r\n\r\n.")).code}`;
  };
  assert.equal(await send("joe", "ann"), "250");
  assert.equal(await send("joe", "spam"), "554", "it does not count");
  assert.equal(await send("joe", "ann", "bob", "eve", "dan"), "RCPT 450 4.7.1");
  assert.equal(await send("joe", "ann", "bob"), "250");
  assert.equal(await send("joe", "ann"), "250");
  assert.equal(await send("joe", "ann"), "MAIL 450 too many messages, try again in 1200 seconds");
  assert.equal(await send("jane", "ann"), "250", "others have counts of their own");
  for (let i = 0; i < 5; i++) assert.equal(await send(undefined, "ann"), "250", "no user");
  clock.advance(1200_000);
  assert.equal(await send("joe", "ann"), "250");
  assert.throws(() => authLimit({}), /of what\? give `messages`, `recipients` or both/);
});

/** A client that has said EHLO. */
async function connected(
  policy: Handler,
  how: Parameters<typeof Client.of>[1],
): Promise<Client> {
  const client = Client.of(policy, how);
  await client.reply();
  await client.command("EHLO client.example.org");
  return client;
}
