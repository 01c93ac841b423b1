/**
 * Users who send as thieves of their passwords would.
 * @module
 */
import assert from "node:assert/strict";
import { chain, discard, on, type OwnMessage } from "postmaster";
import { stolenPasswords } from "postmaster/handlers";
import { after, ask, Client, MemoryStore } from "postmaster/testing";

/** A server with this handler, what it holds, and what it sends. */
class World {
  readonly globals = new MemoryStore({ now: () => this.now });
  now = Date.UTC(2026, 0, 1);
  readonly sent: OwnMessage[] = [];
  /** Set to make the queue refuse what is sent. */
  isFull = false;
  readonly #policy;

  constructor(options: Parameters<typeof stolenPasswords>[0]) {
    this.#policy = chain(stolenPasswords(options), on("AddRcptTo", () => discard()));
  }

  get #setup() {
    const sent = (message: OwnMessage) => {
      if (this.isFull) throw new Error("no room");
      this.sent.push(message);
    };
    return { globals: this.globals, sent };
  }

  /** Sends a message to so many recipients; gives the code of the last reply, or why the message is on hold. */
  async send(user: string | undefined, recipients: number): Promise<number | string> {
    using client = Client.of(this.#policy, { ...this.#setup, user });
    await client.reply();
    await client.command("EHLO client.example.org");
    await client.command("MAIL FROM:<joe@example.net>");
    for (let i = 0; i < recipients; i++) await client.command(`RCPT TO:<r${i}@example.org>`);
    await client.command("DATA");
    client.send("Subject: hello\r\n\r\n.\r\n");
    const { code } = await client.reply();
    return client.kept[0]?.hold ?? code;
  }

  async fail(user: string | undefined): Promise<void> {
    const outcome = { result: "failed", status: "5.1.1", reason: "nobody here" } as const;
    await ask(this.#policy, after("a@example.org", { outcome }), { ...this.#setup, user });
  }
}

Deno.test("too many recipients put all further mail of a user on hold, and one message tells it", async () => {
  const world = new World({ recipients: 3 });
  const held = "joe: more than 3 recipients in 1 h";
  assert.equal(await world.send("joe", 3), 250);
  assert.equal(await world.send("ann", 3), 250);
  assert.deepEqual([await world.send("joe", 1), await world.send("joe", 1)], [held, held]);
  assert.equal(await world.send(undefined, 9), 250);
  assert.equal(world.sent.length, 1);
  const [{ to, subject, text }] = world.sent as [OwnMessage];
  assert.deepEqual([`${to}`, subject], ["postmaster", "The mail of joe is on hold"]);
  for (const command of ["list --user joe --state held", "release --user joe", "drop --user joe"]) {
    assert.ok(text.includes(`  postmaster queue ${command}`), text);
  }
  const [, name = ""] = /vars unset '(.*)'/.exec(text) ?? [];
  world.now += 86_400_000;
  assert.equal(await world.send("joe", 1), held);
  await world.globals.unset({ name, ttl: undefined, since: "last", persist: true });
  assert.equal(await world.send("joe", 3), 250);
  assert.equal(await world.send("joe", 1), held);
  assert.equal(world.sent.length, 2);
});

Deno.test("too many failures put the mail of a user on hold", async () => {
  const world = new World({ failures: 2, per: "10 min", notify: "abuse@example.net" });
  await world.fail("joe");
  await world.fail("joe");
  await world.fail(undefined);
  assert.equal(await world.send("joe", 1), 250);
  world.now += 600_001;
  await world.fail("joe");
  assert.equal(await world.send("joe", 1), 250);
  await world.fail("joe");
  await world.fail("joe");
  await world.fail("joe");
  const held = "joe: mail to more than 2 recipients failed in 10 min";
  assert.equal(await world.send("joe", 1), held);
  assert.deepEqual(world.sent.map(({ to }) => `${to}`), ["abuse@example.net"]);
});

Deno.test("many messages at once are one case", async () => {
  const world = new World({ recipients: 5 });
  const results = await Promise.all(Array.from({ length: 20 }, () => world.send("joe", 1)));
  assert.equal(results.filter((one) => one === 250).length, 5);
  assert.equal(world.sent.length, 1);
});

Deno.test("as long as nobody can be told, messages are deferred", async () => {
  const world = new World({ recipients: 1 });
  world.isFull = true;
  assert.equal(await world.send("joe", 2), 451);
  world.isFull = false;
  assert.equal(await world.send("joe", 2), "joe: more than 1 recipients in 1 h");
  assert.equal(world.sent.length, 1);
});

Deno.test("the commands are safe for a shell", async () => {
  const world = new World({ recipients: 1 });
  await world.send("o'neil $(id)@example.net", 2);
  const [{ text }] = world.sent as [OwnMessage];
  const quoted = String.raw`'o'\''neil $(id)@example.net'`;
  assert.ok(text.includes(`--user ${quoted} --state held`), text);
  const script = text.split("\n").find((line) => line.includes("vars unset"))!
    .replace("postmaster vars unset", "printf %s");
  const { stdout } = await new Deno.Command("sh", { args: ["-c", script] }).output();
  assert.equal(new TextDecoder().decode(stdout), "on hold[o'neil $(id)@example.net]");
});
