/**
 * Handlers that put mail on hold instead of refusing it.
 * @module
 */
import assert from "node:assert/strict";
import { chain, discard, type Handler, on, relay } from "postmaster";
import { authLimit, hold, rateLimit, when } from "postmaster/handlers";
import { ask, Client, type ClientOptions, MemoryStore } from "postmaster/testing";
import { Mailbox } from "postmaster";

/** Sends messages in one session, and gives what each is held for. */
async function reasons(
  policy: Handler,
  messages: readonly (readonly string[])[],
  options: ClientOptions = { user: "joe" },
): Promise<(string | undefined)[]> {
  using client = Client.of(chain(policy, on("AddRcptTo", () => discard())), options);
  await client.reply();
  await client.command("EHLO client.example.org");
  for (const recipients of messages) {
    assert.equal((await client.command("MAIL FROM:<joe@example.net>")).code, 250);
    for (const one of recipients) {
      assert.equal((await client.command(`RCPT TO:<${one}>`)).code, 250);
    }
    assert.equal((await client.command("DATA")).code, 354);
    client.send("Subject: hello\r\n\r\n.\r\n");
    assert.equal((await client.reply()).code, 250);
  }
  return client.kept.map(({ hold }) => hold);
}

const A = "a@example.org", B = "b@example.org", C = "c@example.org";

Deno.test("hold() holds what a condition says, and the outermost reason counts", async () => {
  const policy = chain(
    when({ if: { recipient: A }, then: hold({ reason: "to a" }) }),
    when({ if: { recipient: B }, then: { hold: { reason: "to b" } } }),
    when({ if: { recipient: C }, then: "hold" }),
  );
  const sent = [[A], [B], [A, B], ["d@example.org"], [C]];
  const held = await reasons(policy, sent);
  assert.deepEqual(held, ["to a", "to b", "to a", undefined, "a handler holds it"]);
  assert.throws(() => hold({ reason: "" }), /reason/);
});

Deno.test("hold() holds the mail of one recipient before it is delivered", async () => {
  const policy = when({ if: { recipient: "@example.org" }, then: hold({ on: "BeforeDelivery" }) });
  const before = (address: string) => {
    const recipient = Mailbox.parse(address);
    const route = { recipient, target: relay([recipient]) };
    return ask(policy, {
      ...{ type: "BeforeDelivery", route, attempt: 1, last: undefined },
      destination: recipient.domain,
    });
  };
  assert.equal((await before(A)).hold, "a handler holds it");
  assert.equal((await before("a@example.com")).code, 250);
});

Deno.test("rateLimit() holds what is more, of messages and of recipients", async () => {
  const messages = rateLimit({ limit: 2, by: "user", excess: "hold" });
  const text = "more than 2 messages per 1 h by user";
  assert.deepEqual(await reasons(messages, [[A], [A, B, C], [A], [A]]), [
    ...[undefined, undefined],
    ...[text, text],
  ]);
  const recipients = rateLimit({
    limit: 3,
    of: "recipients",
    by: "user",
    excess: "hold",
    name: "few",
  });
  const held = await reasons(recipients, [[A, B], [A, B], [A]]);
  assert.deepEqual(held, [undefined, "more than few", "more than few"]);
  assert.deepEqual(await reasons(messages, [[A], [A], [A]], {}), [undefined, undefined, undefined]);
  assert.throws(
    () => rateLimit({ limit: 1, of: "connections", excess: "hold" }),
    /connections cannot be put on hold/,
  );
});

Deno.test("authLimit() holds what is more, over sessions", async () => {
  const policy = authLimit({ messages: 2, recipients: 3, excess: "hold" });
  const globals = new MemoryStore();
  const first = await reasons(policy, [[A, B]], { user: "joe", globals });
  const second = await reasons(policy, [[A], [A]], { user: "joe", globals });
  const other = await reasons(policy, [[A]], { user: "ann", globals });
  assert.deepEqual([...first, ...second, ...other], [
    ...[undefined, undefined],
    ...["more than auth-limit of 2 messages per 1 h", undefined],
  ]);
});

Deno.test("a hold without a reason breaks the handler, and nothing is delivered", async () => {
  const broken = on("Deliver", (event, next) => next({ ...event, hold: "" }));
  const logged: string[] = [];
  using client = Client.of(chain(broken, on("AddRcptTo", () => discard())), {
    log: (event) => void logged.push(event),
  });
  await client.reply();
  for (const line of ["EHLO c", "MAIL FROM:<a@example.org>", `RCPT TO:<${A}>`, "DATA"]) {
    await client.command(line);
  }
  client.send("Subject: hello\r\n\r\n.\r\n");
  assert.equal((await client.reply()).code, 451);
  assert.ok(logged.includes("handler broke"));
});
