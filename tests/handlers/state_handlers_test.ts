import assert from "node:assert/strict";
import { chain, discard, type Handler, on, say } from "postmaster";
import { Client, type ClientOptions, FakeClock, MemoryStore } from "postmaster/testing";
import { ban, blacklist, greylist, impatient, rateLimit, unban } from "postmaster/handlers";

const MINUTE = 60_000;

/** Time and memory that several connections share. */
class World {
  readonly clock = new FakeClock();
  readonly start = new Date("2026-01-01T00:00:00Z");
  readonly globals = new MemoryStore({ now: () => this.start.getTime() + this.clock.now });
  readonly #policy: Handler;

  constructor(policy: Handler) {
    this.#policy = policy;
  }

  /** The code of the greeting, and a client that has said EHLO if it is 220. */
  async connect(address = "192.0.2.1", options: ClientOptions = {}): Promise<[number, Client]> {
    const { clock, start, globals } = this;
    // The client's time begins now: its clock has gone on since the world's beginning.
    const time = new Date(start.getTime() + clock.now);
    const peer = { address, port: 12345 };
    const client = Client.of(this.#policy, { clock, globals, time, peer, ...options });
    const { code } = await client.reply();
    if (code === 220) await client.command("EHLO client.example.org");
    return [code, client];
  }
}

const code = async (client: Client, line: string): Promise<number> =>
  (await client.command(line)).code;

/** Starts a new transaction and gives the reply to RCPT. */
async function rcpt(
  client: Client,
  to = "joe@example.net",
  from = "ann@example.org",
): Promise<string> {
  await client.command("RSET");
  await client.command(`MAIL FROM:<${from}>`);
  const { code, enhanced, lines } = await client.command(`RCPT TO:<${to}>`);
  return `${code} ${enhanced} ${lines[0]}`;
}

/** The same; what is accepted is sent. */
async function send(client: Client, to?: string, from?: string): Promise<string> {
  const reply = await rcpt(client, to, from);
  if (reply.startsWith("2")) assert.equal(await body(client), 250);
  return reply;
}

/** The code for a message after its envelope. */
async function body(client: Client): Promise<number> {
  await client.command("DATA");
  return await code(client, "Subject: x\r\n\r\nx\r\n.");
}

const known = on(
  "AddRcptTo",
  ({ mailbox }) =>
    mailbox.local === "nobody" ? say(5, 5, 0, "unknown recipient", "5.1.1") : discard(),
);

Deno.test("impatient({ ban }) and blacklist() keep a guesser out until the ban is over", async () => {
  const world = new World(chain(blacklist(), impatient({ bound: 1, ban: "1 h" }), known));
  const [, client] = await world.connect();
  assert.match(await rcpt(client, "nobody@example.net"), /^550/);
  assert.match(await rcpt(client, "nobody@example.net"), /^421/);
  assert.equal((await world.connect())[0], 421);
  assert.equal((await world.connect("192.0.2.2"))[0], 220, "others are welcome");
  world.clock.advance(61 * MINUTE);
  assert.equal((await world.connect())[0], 220);
});

Deno.test("blacklist() ends a session of somebody banned at the next message", async () => {
  const world = new World(chain(
    blacklist(),
    on("SayOK", async (_event, next, session) => {
      await ban(session, "said NOOP");
      return next();
    }),
    on("SeeksHelp", async (_event, next, session) => {
      await unban(session);
      return next();
    }),
  ));
  const [, client] = await world.connect();
  await client.command("NOOP");
  await client.command("HELP");
  assert.equal(await code(client, "MAIL FROM:<>"), 250, "unbanned");
  await client.command("RSET");
  await client.command("NOOP");
  assert.equal(await code(client, "MAIL FROM:<>"), 421);
});

Deno.test("a ban holds for a whole IPv6 network of one host", async () => {
  const world = new World(chain(blacklist(), impatient({ bound: 0, ban: "1 h" })));
  const [, client] = await world.connect("2001:db8:1:2::1");
  assert.match(await rcpt(client), /^421/);
  assert.equal((await world.connect("2001:db8:1:2:ffff::9"))[0], 421);
  assert.equal((await world.connect("2001:db8:1:3::1"))[0], 220);
});

Deno.test("greylist() defers a stranger and knows who came again", async () => {
  const world = new World(
    chain(greylist({ delay: "5 min", window: "1 d", remember: "30 d" }), known),
  );
  const [, client] = await world.connect();
  assert.equal(await rcpt(client), "451 4.7.1 greylisted, please try again in 300 seconds");
  world.clock.advance(4 * MINUTE);
  assert.equal(await rcpt(client), "451 4.7.1 greylisted, please try again in 60 seconds");
  world.clock.advance(MINUTE);
  assert.match(await rcpt(client), /^250/);
  const [, neighbour] = await world.connect("192.0.2.200");
  assert.match(await rcpt(neighbour), /^250/, "the same network, sender and recipient");
  assert.match(await rcpt(neighbour, "jane@example.net"), /^451/, "another recipient");
  assert.match(
    await rcpt(neighbour, "joe@example.net", "bob@example.org"),
    /^451/,
    "another sender",
  );
});

Deno.test("greylist() forgets those who stay away", async () => {
  const world = new World(
    chain(greylist({ delay: "5 min", window: "1 h", remember: "2 d" }), known),
  );
  const [, late] = await world.connect();
  assert.match(await rcpt(late), /^451/);
  world.clock.advance(61 * MINUTE);
  const [, again] = await world.connect();
  assert.match(await rcpt(again), /^451 .* 300 seconds/, "too late: a stranger again");
  world.clock.advance(5 * MINUTE);
  const [, regular] = await world.connect();
  for (let day = 0; day < 3; day++) {
    const [, client] = await world.connect();
    assert.match(await rcpt(client), /^250/, `day ${day}`);
    world.clock.advance(24 * 60 * MINUTE);
  }
  world.clock.advance(2 * 24 * 60 * MINUTE);
  const [, stranger] = await world.connect();
  assert.match(await rcpt(stranger), /^451/);
  regular.hangUp();
});

Deno.test("greylist() does not keep one a candidate who tries too often", async () => {
  const world = new World(
    chain(greylist({ delay: "50 min", window: "1 h", remember: "2 d" }), known),
  );
  const replies = [];
  for (let minutes = 0; minutes <= 80; minutes += 40) {
    const [, client] = await world.connect();
    replies.push(await rcpt(client));
    client.hangUp();
    world.clock.advance(40 * MINUTE);
  }
  assert.match(replies.at(-1)!, /3000 seconds/, "the window is over: a stranger again");
});

Deno.test("greylist() leaves refusals and users alone", async () => {
  const world = new World(chain(greylist(), known));
  const [, client] = await world.connect();
  assert.match(await rcpt(client, "nobody@example.net"), /^550/);
  const [, user] = await world.connect("192.0.2.1", { user: "joe" });
  assert.match(await rcpt(user), /^250/);
});

Deno.test("rateLimit() lets a burst pass, then as many as the time brings", async () => {
  const world = new World(chain(rateLimit({ limit: 6, per: "1 h", burst: 2 }), known));
  const [, client] = await world.connect();
  const mail = async () => {
    const { code, lines } = await client.command("MAIL FROM:<ann@example.org>");
    if (code !== 250) return lines[0];
    await client.command("RCPT TO:<joe@example.net>");
    return await body(client);
  };
  assert.deepEqual([await mail(), await mail()], [250, 250]);
  assert.equal(await mail(), "too many messages, try again in 600 seconds");
  world.clock.advance(5 * MINUTE);
  assert.equal(await mail(), "too many messages, try again in 300 seconds");
  const [, other] = await world.connect("192.0.2.2");
  assert.equal(await code(other, "MAIL FROM:<>"), 250, "each address has its own");
  other.hangUp();
});

Deno.test("rateLimit() counts by what it is told", async () => {
  for (
    const [by, of, same, different] of [
      ["sender", "messages", ["joe@example.net", "ann@example.org"], [
        "joe@example.net",
        "bob@x.example",
      ]],
      ["sender-domain", "messages", ["joe@example.net", "bob@example.org"], [
        "joe@example.net",
        "a@b",
      ]],
      ["recipient", "recipients", ["joe@example.net", "bob@b"], [
        "jane@example.net",
        "ann@example.org",
      ]],
      ["recipient-domain", "recipients", ["jane@example.net", "b@b"], ["joe@example.com", "a@b"]],
      ["all", "messages", ["jane@example.com", "b@b"], undefined],
    ] as const
  ) {
    const world = new World(chain(rateLimit({ limit: 1, per: "1 h", by, of }), known));
    const [, client] = await world.connect();
    assert.match(await send(client), /^250/, by);
    assert.match(await send(client, ...same), /^(450 4.7.1 too many|503)/, `${by}: the same`);
    if (different !== undefined) assert.match(await send(client, ...different), /^250/, by);
  }
});

Deno.test("rateLimit() of connections answers 421, by network", async () => {
  const world = new World(rateLimit({ limit: 2, per: "1 min", of: "connections", by: "network" }));
  const codes = [];
  for (const last of [1, 2, 3]) codes.push((await world.connect(`192.0.2.${last}`))[0]);
  assert.deepEqual(codes, [220, 220, 421]);
  assert.equal((await world.connect("198.51.100.1"))[0], 220);
  world.clock.advance(MINUTE / 2);
  assert.equal((await world.connect("192.0.2.4"))[0], 220);
});

Deno.test("rateLimit() does not count what is refused, and refuses options that cannot be", async () => {
  const world = new World(chain(rateLimit({ limit: 1, of: "recipients", by: "all" }), known));
  const [, client] = await world.connect();
  assert.match(await send(client, "nobody@example.net"), /^550/);
  assert.match(await send(client), /^250/);
  assert.match(await send(client), /^450/);
  assert.throws(
    () => rateLimit({ limit: 1, by: "recipient", of: "connections" }),
    /not known yet: count recipients/,
  );
});

for (const counted of ["messages", "recipients"] as const) {
  Deno.test(`rateLimit() of ${counted} counts only those of messages that were accepted`, async () => {
    let answer = say(4, 5, 1, "not now");
    const world = new World(chain(
      on("Deliver", async (_event, next) => {
        const reply = await next();
        return answer.code === 250 ? reply : answer;
      }),
      rateLimit({ limit: 1, per: "1 d", of: counted, by: "all" }),
      greylist({ delay: "5 min" }),
      known,
    ));
    const [, client] = await world.connect();
    assert.match(await rcpt(client), /^451 .* greylisted/);
    world.clock.advance(5 * MINUTE);
    for (const refusal of [answer, say(5, 5, 4, "spam")]) {
      answer = refusal;
      assert.match(await rcpt(client), /^250/);
      assert.equal(await body(client), refusal.code);
    }
    assert.match(await rcpt(client), /^250/, "RSET comes next");
    assert.match(await rcpt(client), /^250/);
    await client.command("EHLO again.example.org");
    assert.match(await rcpt(client), /^250/, "the client goes away next");
    await client.command("DATA");
    client.send("Subject: half of it\r\n");
    client.hangUp();
    answer = say(2, 5, 0, "ok");
    const [, again] = await world.connect();
    assert.match(await send(again), /^250/);
    assert.match(await send(again), counted === "messages" ? /^503/ : /^450/);
    again.hangUp();
  });
}

Deno.test("rateLimit() lets no more through at the same time than one after the other", async () => {
  const world = new World(chain(rateLimit({ limit: 3, per: "1 d" }), known));
  const clients = await Promise.all(Array.from({ length: 50 }, () => world.connect()));
  const codes = await Promise.all(
    clients.map(([, client]) => code(client, "MAIL FROM:<ann@example.org>")),
  );
  assert.equal(codes.filter((code) => code === 250).length, 3);
  const open = clients.filter((_, i) => codes[i] === 250).map(([, client]) => client);
  const [, other] = await world.connect();
  open[0]!.hangUp();
  assert.equal(await code(other, "MAIL FROM:<ann@example.org>"), 250, "one has given up");
});
