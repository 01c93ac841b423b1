/**
 * Checks: each looks once at what the client has named, wherever it stands.
 *
 * @module
 */
import assert from "node:assert/strict";
import { chain, discard, type Handler, named, on, say } from "postmaster";
import { Client, type ClientOptions, FakeClock, FakeDns, MemoryStore } from "postmaster/testing";
import {
  alias,
  archive,
  catchAll,
  dnsbl,
  explode,
  fallback,
  greylist,
  impatient,
  rateLimit,
  subaddress,
  tarpit,
  trace,
  zone,
} from "postmaster/handlers";
import { asking } from "./ask.ts";

const dns = new FakeDns({ "1.2.0.192.bl.example": { A: ["127.0.0.2"] } });
const listing = dnsbl({ lists: ["bl.example"] });

/** joe, jane and 97 more are users, busy is one for later. */
const users = named(
  "users",
  on("AddRcptTo", ({ mailbox: { local } }) => {
    if (local === "busy") return say(4, 5, 0, "mailbox busy", "4.2.1");
    return /^(joe|jane|u\d+)$/.test(local) ? discard() : say(5, 5, 0, "unknown recipient", "5.1.1");
  }),
);

const everybody = Array.from({ length: 97 }, (_, i) => `u${i}`);
const sales = { sales: ["joe", "jane"], staff: ["joe", "gone", "jane", ...everybody] };
/** Every way to ask for somebody else than the client has named, or to ask twice. */
const ASK_AGAIN: Readonly<Record<string, Handler>> = {
  alias: alias(sales),
  "alias for the rest": alias({ "@example.net": "joe" }),
  explode: explode(sales),
  "catch-all": catchAll("joe@example.net"),
  subaddress: subaddress(),
  fallback: fallback({ then: on("AddRcptTo", () => discard()) }),
};
/** Recipients that some of these make others of, and a real user. */
const NAMES = ["sales", "staff", "joe+x", "nobody", "jane"];

/** A client of a server with this policy, in a transaction. */
async function connected(policy: Handler, options: ClientOptions = {}): Promise<Client> {
  const client = Client.of(policy, { dns, ...options });
  await client.reply();
  await client.command("EHLO client.example.org");
  await client.command("MAIL FROM:<ann@example.org>");
  return client;
}

async function rcpt(client: Client, local: string): Promise<string> {
  const { code, enhanced } = await client.command(`RCPT TO:<${local}@example.net>`);
  return `${code} ${enhanced}`;
}

Deno.test("a listed client is refused inside whatever asks again, and its mail goes to nobody else", async () => {
  for (const [name, again] of Object.entries(ASK_AGAIN)) {
    const client = await connected(chain(again, listing, users));
    for (const local of NAMES) assert.equal(await rcpt(client, local), "554 5.7.1", name);
    client.hangUp();
  }
});

Deno.test("a listed client is refused also where others have taken a part of a list", async () => {
  const taken = on(
    "AddRcptTo",
    ({ mailbox }, next) => mailbox.local === "joe" ? discard() : next(),
  );
  const client = await connected(chain(alias(sales), taken, listing, users));
  assert.equal(await rcpt(client, "sales"), "554 5.7.1");
  assert.equal(await rcpt(client, "joe"), "250 2.1.5", "taken outside the check");
  client.hangUp();
});

Deno.test("a list in a zone does not keep a listed client's mail for one of its users", async () => {
  const both = new FakeDns({
    "1.2.0.192.bl.example": { A: ["127.0.0.2"] },
    "example.net._domain.z.example": { TXT: ["v=postmaster1"] },
    "joe.example.net._user.z.example": {
      TXT: ["v=postmaster1; user=joe; alias=ann@example.org"],
    },
  });
  const policy = chain(zone("z.example"), listing, on("AddRcptTo", () => discard()));
  const client = await connected(policy, { dns: both });
  assert.equal(await rcpt(client, "joe"), "554 5.7.1");
  client.hangUp();
});

Deno.test("a policy's refusal is no reason to give mail to somebody else", async () => {
  for (const [name, again] of Object.entries(ASK_AGAIN)) {
    const no = on(
      "AddRcptTo",
      ({ mailbox }, next) => mailbox.local === "jane" ? say(5, 5, 0, "no", "5.7.1") : next(),
    );
    const client = await connected(chain(again, no, users));
    assert.equal(await rcpt(client, "jane"), "550 5.7.1", name);
    client.hangUp();
  }
});

Deno.test("what asks for whom nobody knows asks also where nobody serves the domain", async () => {
  const joe = on(
    "AddRcptTo",
    ({ mailbox }, next) => String(mailbox) === "joe@example.net" ? discard() : next(),
  );
  for (const name of ["alias for the rest", "catch-all", "fallback"]) {
    const client = await connected(chain(ASK_AGAIN[name]!, joe));
    assert.equal(await rcpt(client, "nobody"), "250 2.1.5", name);
    client.hangUp();
  }
});

/** Sessions of one stranger that share time and memory. */
class World {
  readonly #policy: Handler;
  readonly #clock = new FakeClock();
  readonly #start = Date.now();
  readonly #globals = new MemoryStore({ now: () => this.#start + this.#clock.now });

  constructor(...handlers: readonly Handler[]) {
    this.#policy = chain(...handlers);
  }

  later(milliseconds: number): void {
    this.#clock.advance(milliseconds);
  }

  /** The reply to a recipient in a session of its own, which sends a message if it may. */
  async rcpt(local: string): Promise<string> {
    const time = new Date(this.#start + this.#clock.now);
    const options = { clock: this.#clock, globals: this.#globals, time };
    const client = await connected(this.#policy, options);
    const reply = await rcpt(client, local);
    if (reply.startsWith("250")) {
      await client.command("DATA");
      await client.command("Subject: x\r\n\r\nx\r\n.");
    }
    client.hangUp();
    return reply;
  }
}

Deno.test("greylist() defers a list once, as the recipient that the client has named", async () => {
  for (const again of [alias(sales), explode(sales)]) {
    const world = new World(again, greylist({ delay: "5 min" }), users);
    assert.equal(await world.rcpt("staff"), "451 4.7.1");
    world.later(300_000);
    assert.equal(await world.rcpt("staff"), "250 2.1.5", "all its members at once");
    assert.equal(await world.rcpt("joe"), "451 4.7.1", "joe is another recipient");
  }
});

Deno.test("greylist() goes by what the client has named where a catch-all or an extension leads elsewhere", async () => {
  for (const name of ["catch-all", "subaddress", "alias for the rest"]) {
    const local = name === "subaddress" ? "jane+x" : "nobody";
    const world = new World(ASK_AGAIN[name]!, greylist({ delay: "5 min" }), users);
    assert.equal(await world.rcpt(local), "451 4.7.1", name);
    world.later(300_000);
    assert.equal(await world.rcpt(local), "250 2.1.5", name);
  }
});

Deno.test("greylist() lets a client in that comes again, also when others deferred it meanwhile", async () => {
  const world = new World(
    alias({ both: ["joe", "busy"] }),
    greylist({ delay: "5 min", window: "1 d" }),
    users,
  );
  assert.equal(await world.rcpt("both"), "451 4.7.1");
  world.later(300_000);
  assert.equal(await world.rcpt("both"), "450 4.2.1", "greylisted no more, but busy");
  assert.equal(await world.rcpt("both"), "450 4.2.1", "and no stranger again");
});

Deno.test("rateLimit() counts a list as one recipient", async () => {
  for (const again of [alias(sales), explode(sales)]) {
    const world = new World(again, rateLimit({ limit: 2, of: "recipients", by: "all" }), users);
    assert.equal(await world.rcpt("staff"), "250 2.1.5");
    assert.equal(await world.rcpt("sales"), "250 2.1.5");
    assert.equal(await world.rcpt("joe"), "450 4.7.1");
  }
});

Deno.test("rateLimit() counts inside and outside of others alike, by the recipient that was named", async () => {
  const limit = () => rateLimit({ limit: 1, of: "recipients", by: "recipient" });
  for (
    const handlers of [[subaddress(), limit(), users], [limit(), subaddress(), users]]
  ) {
    const world = new World(...handlers);
    assert.equal(await world.rcpt("joe+x"), "250 2.1.5");
    assert.equal(await world.rcpt("joe+x"), "450 4.7.1");
    assert.equal(await world.rcpt("joe+y"), "250 2.1.5");
  }
});

Deno.test("rateLimit() counts only what the whole chain accepts", async () => {
  const no = on("AddRcptTo", async ({ mailbox }, next) => {
    const reply = await next();
    return mailbox.local === "jane" ? say(5, 5, 0, "no", "5.7.1") : reply;
  });
  const limit = rateLimit({ limit: 1, of: "recipients", by: "all" });
  const world = new World(alias({ both: ["joe", "busy"] }), no, limit, users);
  for (let i = 0; i < 3; i++) {
    assert.equal(await world.rcpt("jane"), "550 5.7.1");
    assert.equal(await world.rcpt("both"), "450 4.2.1");
  }
  assert.equal(await world.rcpt("joe"), "250 2.1.5");
  assert.equal(await world.rcpt("joe"), "450 4.7.1");
});

Deno.test("rateLimit() gives back what it took when a handler does not answer in time", async () => {
  const clock = new FakeClock();
  const hanging = on("AddRcptTo", async ({ mailbox }, next) => {
    const reply = await next();
    return mailbox.local === "jane" ? await new Promise<never>(() => {}) : reply;
  });
  const limit = rateLimit({ limit: 1, of: "recipients", by: "all" });
  const client = await connected(chain(hanging, limit, users), { clock });
  const late = rcpt(client, "jane");
  await new Promise((resolve) => setTimeout(resolve)); // the handler hangs now
  clock.advance(61_000);
  assert.equal(await late, "451 4.3.0");
  assert.equal(await rcpt(client, "joe"), "250 2.1.5");
  assert.equal(await rcpt(client, "joe"), "450 4.7.1");
  client.hangUp();
});

Deno.test("checks leave the recipients alone that a handler asks for at another command", async () => {
  const archiving = archive({ to: "jane@example.net" });
  const known = on(
    "AddRcptTo",
    ({ mailbox }, next) => mailbox.local === "joe" ? discard() : next(),
  );
  const policy = chain(archiving, known, listing, greylist(), users);
  const client = await connected(policy);
  assert.equal(await rcpt(client, "joe"), "250 2.1.5");
  assert.equal((await client.command("DATA")).code, 354);
  assert.equal((await client.command("Subject: hello\r\n\r\nhello\r\n.")).code, 250);
  client.hangUp();
});

Deno.test("impatient() counts one refusal for each command, whatever asks again outside of it", async () => {
  for (const [name, local] of [["explode", "gang"], ["subaddress", "no+x"], ["alias", "gang"]]) {
    const gang = { gang: ["a", "b", "c", "d"] };
    const again = { explode: explode(gang), alias: alias(gang), subaddress: subaddress() }[name!]!;
    const client = await connected(chain(again, impatient({ bound: 2 }), users));
    const codes = [];
    for (let i = 0; i < 3; i++) codes.push((await rcpt(client, local!)).slice(0, 3));
    assert.deepEqual(codes, ["550", "550", "421"], name);
    client.hangUp();
  }
});

Deno.test("tarpit() holds back once for each command, whatever asks again outside of it", async () => {
  const gang = explode({ gang: ["a", "b", "c", "d"] });
  const client = await connected(chain(gang, tarpit({ first: "300 ms", most: "10 s" }), users));
  const start = performance.now();
  assert.equal(await rcpt(client, "gang"), "550 5.1.1");
  const took = performance.now() - start;
  assert.ok(took >= 299 && took < 899, `${took} ms`);
  client.hangUp();
});

Deno.test("trace() logs what is inside it where others ask again", async () => {
  const { rcpt, logged } = asking(chain(alias({ sales: ["joe", "jane"] }), trace(), users));
  await rcpt("sales@example.net");
  assert.deepEqual(logged.map((line) => line.replace(/ \(\d+\.\d ms\)/, "")), [
    "handler: AddRcptTo <joe@example.net>",
    "handler:   users  answered 250 2.1.5 recipient ok",
    "handler: AddRcptTo <jane@example.net>",
    "handler:   users  answered 250 2.1.5 recipient ok",
  ]);
});
