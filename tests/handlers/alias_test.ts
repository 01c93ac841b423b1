import assert from "node:assert/strict";
import { alias, AliasTable, parseAliasKey } from "../../handlers/mod.ts";
import { chain, type Handler, on } from "../../src/handler/handler.ts";
import { say } from "../../src/handler/reply.ts";
import { Mailbox } from "../../src/smtp/mailbox.ts";
import { procmail } from "../../src/targets/pipe.ts";
import { asking, routes, status } from "./ask.ts";

/** joe and jane are users of any domain, busy is one for later. */
const users: Handler = on("AddRcptTo", ({ mailbox }, next) => {
  if (mailbox.local === "busy") return say(4, 5, 0, "mailbox busy", "4.2.1");
  return ["joe", "jane"].includes(mailbox.local) ? procmail(mailbox.local) : next();
});

const site = (table: Parameters<typeof alias>[0]) => asking(chain(alias(table), users));

Deno.test("alias() gives a full address another name, whatever the case", async () => {
  const { rcpt } = site({ "Webmaster@Example.net": "joe@example.org" });
  assert.deepEqual(routes(await rcpt("webMaster@example.NET")), ["joe@example.org -> pipe"]);
  assert.equal((await rcpt("webmaster@example.org")).code, 550);
});

Deno.test("alias() takes a local name in any domain, and an address without a domain from there", async () => {
  const { rcpt } = site({ "webmaster": "joe" });
  assert.deepEqual(routes(await rcpt("webmaster@a.example")), ["joe@a.example -> pipe"]);
});

Deno.test("alias() prefers the full address to the local name, and both to the catch-all", async () => {
  const { rcpt } = site({
    "@a.example": "jane",
    "x@a.example": "joe",
    "x": "nobody",
    "joe": "joe",
  });
  assert.deepEqual(routes(await rcpt("x@a.example")), ["joe@a.example -> pipe"]);
  assert.equal((await rcpt("x@b.example")).code, 550);
  assert.deepEqual(routes(await rcpt("joe@a.example")), ["joe@a.example -> pipe"], "a user");
  assert.deepEqual(routes(await rcpt("who@a.example")), ["jane@a.example -> pipe"], "nobody");
  assert.equal((await rcpt("who@b.example")).code, 550);
});

Deno.test("alias() explodes a list into routes without duplicates", async () => {
  const { rcpt } = site({ "sales": ["joe", "jane", "chef", "joe"], "chef": "jane" });
  assert.deepEqual(routes(await rcpt("sales@a.example")), [
    "joe@a.example -> pipe",
    "jane@a.example -> pipe",
  ]);
});

Deno.test("alias() defers a list of which one address is deferred", async () => {
  const { rcpt } = site({ "sales": ["joe", "busy", "jane"] });
  const reply = await rcpt("sales@a.example");
  assert.equal(status(reply), "450 4.2.1");
  assert.deepEqual(routes(reply), []);
});

Deno.test("alias() leaves out those who are refused, says so, and refuses if all are", async () => {
  const { rcpt, logged } = site({ "sales": ["joe", "gone"], "old": ["gone", "away"] });
  assert.deepEqual(routes(await rcpt("sales@a.example")), ["joe@a.example -> pipe"]);
  assert.match(
    logged.join("\n"),
    /^handler warns: .*"list":"sales@a\.example","member":"gone@a\.example","reply":"550 /,
  );
  assert.equal(status(await rcpt("old@a.example")), "550 5.1.1");
});

Deno.test("alias() passes an address that is the recipient itself on", async () => {
  const { rcpt } = site({ "joe": ["joe", "jane"], "@a.example": "nobody" });
  assert.deepEqual(routes(await rcpt("joe@a.example")), [
    "joe@a.example -> pipe",
    "jane@a.example -> pipe",
  ]);
  assert.equal((await rcpt("nobody@a.example")).code, 550);
});

Deno.test("alias() lets the handlers outside see what it made of the recipient", async () => {
  const seen: string[] = [];
  const watch = on("AddRcptTo", (event, next, session) => {
    seen.push(`${session.depth} ${event.mailbox}`);
    return next();
  });
  await asking(chain(watch, alias({ a: "b", b: "joe" }), users)).rcpt("a@x.example");
  assert.deepEqual(seen, ["0 a@x.example", "1 b@x.example", "2 joe@x.example"]);
});

Deno.test("alias() survives a circle", async () => {
  const { rcpt } = asking(chain(alias({ a: "b" }), alias({ b: "a" }), users));
  assert.equal((await rcpt("a@x.example")).code, 451);
});

Deno.test("alias() never takes a quoted local part for an address", async () => {
  const { rcpt } = site({ "joe@b.example": "joe", "joe": "joe" });
  assert.equal((await rcpt(new Mailbox("joe@b.example", "a.example"))).code, 550);
  assert.equal((await rcpt(new Mailbox("@b.example", "a.example"))).code, 550);
  assert.equal((await rcpt(new Mailbox("joe%b.example", "a.example"))).code, 550);
});

Deno.test("alias() refuses tables that make no sense", () => {
  assert.throws(() => alias({ "a b": "joe" }), /`a b` is no alias/);
  assert.throws(() => alias({ "@": "joe" }), /`@` is no alias/);
  assert.throws(() => alias({ "@a.example:x@b.example": "joe" }), /is no alias/);
  assert.throws(() => alias({ a: "joe@" }), /`joe@` is no address/);
  assert.throws(() => alias({ a: "@b.example:joe@c.example" }), /is no address/);
  assert.throws(() => alias({ a: [] }), /a list with 1 item or more/);
  assert.throws(() => alias({ '"@b.example"': "joe" }), /write @b\.example without them/);
  assert.throws(() => alias({ a: '"joe@b.example"' }), /write joe@b\.example without them/);
  assert.throws(
    () => alias({ "a@b.example": "c", c: ["joe", "A@b.example"] }),
    /aliases go in a circle, a@b\.example -> c@b\.example -> A@b\.example: let one/,
  );
});

Deno.test("AliasTable.find() leaves the bare postmaster alone", () => {
  const table = new AliasTable();
  table.set(parseAliasKey("postmaster"), ["joe"]);
  assert.equal(table.find(new Mailbox("postmaster", "")), undefined);
});
