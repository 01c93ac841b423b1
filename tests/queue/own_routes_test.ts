/**
 * Where the mail goes that the server makes itself.
 * @module
 */
import assert from "node:assert/strict";
import { chain, type Handler, hold, Mailbox, on, relay, say } from "postmaster";
import { dnsbl, greylist, impatient, rateLimit, relayTo } from "postmaster/handlers";
import { FakeDns } from "postmaster/testing";
import type { Asking } from "../../src/queue/asking.ts";
import type { Origin } from "../../src/queue/entry.ts";
import { askingOf, message, recipient, TO_PIPE } from "./asking.ts";

/** Asks where a report goes. */
const routeFor = (asking: Asking, mailbox: string) =>
  asking.route({ ...message, sender: null, parameters: {}, origin: OWN }, {
    ...recipient,
    ...{ recipient: mailbox, original: undefined },
  });

const OWN: Origin = {
  ...{ session: "Q2", hostname: "mx.example.net", peer: "local", port: 0, made: "bounce" },
  ...{ listener: { address: "local", kind: "smtp" }, helo: undefined, user: undefined },
  tls: undefined,
};

const STRANGERS: readonly Handler[] = [
  greylist(),
  rateLimit({ limit: 1, of: "recipients", by: "all" }),
  dnsbl({ lists: ["bl.example.org"] }),
  impatient({ bound: 0, ban: "1 d" }),
];

Deno.test("the server's own mail takes the routes of the site, whatever is asked of strangers", async () => {
  const policy = chain(
    ...STRANGERS,
    on("AddRcptTo", ({ mailbox }, next) => mailbox.domain === "example.net" ? TO_PIPE : next()),
  );
  const dns = new FakeDns({ "*.bl.example.org": { A: ["127.0.0.2"] } });
  const { asking } = askingOf(policy, { dns });
  for (let i = 0; i < 3; i++) {
    const home = await routeFor(asking, "joe@example.net");
    assert.deepEqual(home.reply.routes?.map(({ target }) => target.target), ["pipe"]);
    const away = await routeFor(asking, "ann@example.org");
    assert.deepEqual(away.reply.routes?.map(({ target }) => target), [
      relay([Mailbox.parse("ann@example.org")]),
    ]);
  }
});

Deno.test("the server's own mail is not relayed without a relay, nor to a route in disguise", async () => {
  const { asking } = askingOf(chain(), { relays: false });
  const away = await routeFor(asking, "ann@example.org");
  assert.deepEqual([away.reply.code, away.handler], [550, "core"]);
  const open = askingOf(relayTo({ domains: ["example.org"] })).asking;
  const { reply } = await routeFor(open, "ann%example.com@example.org");

  assert.equal(reply.code, 550);
});

Deno.test("refusals of unknown mailboxes stand for the server's own mail", async () => {
  const policy = chain(
    ...STRANGERS,
    on("AddRcptTo", function users() {
      return say(5, 5, 0, "nobody here", "5.1.1");
    }),
  );
  const { asking, logged } = askingOf(policy);
  const { reply, handler } = await routeFor(asking, "x@example.net");
  assert.deepEqual([reply.code, handler], [550, "users"]);
  assert.deepEqual(logged.filter(({ event }) => event === "handler broke"), []);
});

Deno.test("a hold answers nothing but BeforeDelivery", async () => {
  const holding = on("AddRcptTo", () => hold("no"));
  const { asking, logged } = askingOf(holding);
  assert.equal((await routeFor(asking, "joe@example.net")).reply.code, 451);
  assert.match(String(logged[0]?.fields["error"]), /answered a hold to AddRcptTo/);
  assert.throws(() => hold(""), TypeError);
  assert.throws(() => hold("two\nlines"), TypeError);
});
