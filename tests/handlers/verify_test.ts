/**
 * VRFY and EXPN by policy.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { chain, type Handler, Mailbox, on, pipe, say } from "postmaster";
import {
  alias,
  catchAll,
  explode,
  greylist,
  localHosts,
  rateLimit,
  relayTo,
  subaddress,
  verify,
  when,
} from "postmaster/handlers";
import { Client, type ClientOptions } from "postmaster/testing";
import { meant } from "../../handlers/verification.ts";
import { mailbox } from "../smtp/arbitraries.ts";
import { codes, Running } from "../running.ts";

const SECRET = "/usr/local/bin/secret-program";
const users = on(
  "AddRcptTo",
  ({ mailbox: { local } }) =>
    ["joe", "jane", "ann"].includes(local)
      ? pipe([SECRET, local])
      : local === "busy"
      ? say(4, 5, 1, "busy")
      : say(5, 5, 0, "unknown recipient", "5.1.1"),
);

const site = chain(
  localHosts(["example.net", "example.org"]),
  subaddress(),
  explode({
    "staff@example.net": ["joe", "team", "nobody", "ann@example.com"],
    "team@example.net": ["jane", "ann"],
    "joe@example.org": ["joe@example.net"],
    "self@example.net": ["self", "jane"],
    "ann@example.net": ["ann", "jane", "ann@example.net", "jane@example.net"],
  }),
  users,
);
const mayAsk = (more = {}) => verify({ networks: ["192.0.2.0/24"], lists: true, ...more });

/** A client that has been greeted. */
async function asking(policy: Handler, options?: ClientOptions): Promise<Client> {
  const client = Client.of(policy, options);
  await client.reply();
  return client;
}

/** The reply to a line: its code, then its lines. */
async function said(client: Client, line: string): Promise<readonly (string | number)[]> {
  const { code, enhanced, lines } = await client.command(line);
  return [code, ...lines.length > 1 || code === 250 ? lines : [enhanced ?? ""]];
}

Deno.test("verify() tells who is there, in each form of an address", async () => {
  using client = await asking(chain(mayAsk({ domains: ["example.net"] }), site));
  for (const form of ["joe@example.net", "<joe@example.net>", "joe", "<joe>", '"joe"']) {
    assert.deepEqual(await said(client, `VRFY ${form}`), [250, "<joe@example.net>"], form);
  }
  assert.deepEqual(await said(client, "VRFY postmaster"), [550, "5.1.1"]);
  assert.deepEqual(await said(client, "VRFY staff"), [250, "<staff@example.net>"]);
  assert.deepEqual(await said(client, "VRFY nobody"), [550, "5.1.1"]);
  assert.deepEqual(await said(client, "VRFY joe@example.com"), [550, "5.1.1"]);
  for (const none of ["a b", "<joe@example.net", "joe@", "<>", "@", "joe@example.net jane"]) {
    assert.deepEqual(await said(client, `VRFY ${none}`), [553, "5.1.3"], none);
  }
  assert.deepEqual(await codes(client, "VRFY", "EXPN"), [501, 501]);
});

Deno.test("verify() says 553 where several mailboxes are meant", async () => {
  using client = await asking(chain(mayAsk({ domains: ["example.net", "example.org"] }), site));
  assert.deepEqual(await said(client, "VRFY staff"), [250, "<staff@example.net>"]);
  for (const verb of ["VRFY", "EXPN"]) {
    assert.deepEqual(await said(client, `${verb} joe`), [
      ...[553, "ambiguous: say which of these", "<joe@example.net>", "<joe@example.org>"],
    ]);
  }
});

Deno.test("verify() says 250 only where a mailbox is there, and 252 where its mail is taken", async () => {
  const policy = chain(
    mayAsk(),
    relayTo({ domains: ["example.com"] }),
    catchAll("jane@example.org"),
    site,
  );
  using client = await asking(policy);
  assert.deepEqual(await said(client, "VRFY jane+x@example.net"), [252, "2.5.2"]);
  assert.deepEqual(await said(client, "VRFY nobody@example.org"), [252, "2.5.2"]);
  assert.deepEqual(await said(client, "VRFY anybody@example.com"), [252, "2.5.2"]);
  assert.deepEqual(await said(client, "VRFY busy@example.net"), [252, "2.5.2"]);
  assert.deepEqual(await said(client, "VRFY nobody@example.net"), [550, "5.1.1"]);
  const strict = on("AddRcptTo", () => say(5, 5, 4, "no mail today", "5.7.1"));
  using refused = await asking(chain(mayAsk(), strict));
  assert.deepEqual(await said(refused, "VRFY joe@example.net"), [550, "5.7.1"]);
});

Deno.test("verify() expands one level of a list, and shows only addresses that get mail", async () => {
  using client = await asking(chain(mayAsk({ domains: ["example.net"] }), site));
  assert.deepEqual(await said(client, "EXPN staff"), [
    ...[250, "<joe@example.net>", "<team@example.net>", "<ann@example.com>"],
  ]);
  assert.deepEqual(await said(client, "EXPN <team@example.net>"), [
    ...[250, "<jane@example.net>", "<ann@example.net>"],
  ]);
  assert.deepEqual(await said(client, "EXPN ann"), [
    250,
    "<jane@example.net>",
    "<ann@example.net>",
  ]);
  assert.deepEqual(await said(client, "EXPN joe"), [550, "5.2.4"]);
  assert.deepEqual(await said(client, "EXPN nobody"), [550, "5.1.1"]);
  assert.deepEqual(await said(client, "EXPN a b"), [553, "5.1.3"]);
});

Deno.test("verify() keeps the members of lists apart, and takes no check for a member", async () => {
  const lists = explode({ "x@example.org": ["gone"], "y@example.org": ["joe", "jane"] });
  const checking = on("AddRcptTo", async (event, next, session) => {
    if (event.mailbox.local !== "checked") return next();
    await session.trigger({ ...event, mailbox: Mailbox.parse("nobody@example.net") });
    return pipe(["true"]);
  });
  const xAndY = on(
    "AddRcptTo",
    ({ mailbox: { local, domain } }, next) =>
      (local === "x" || local === "y") && domain === "example.net" ? pipe(["true"]) : next(),
  );
  const both = mayAsk({ domains: ["example.org", "example.net"] });
  using client = await asking(chain(both, checking, lists, xAndY, users));
  assert.deepEqual(await said(client, "EXPN x"), [550, "5.2.4"]); // the list of example.org leads nowhere
  assert.deepEqual(await said(client, "EXPN checked@example.net"), [550, "5.2.4"]);
  assert.deepEqual(await said(client, "EXPN y@example.org"), [
    ...[250, "<joe@example.org>", "<jane@example.org>"],
  ]);
});

Deno.test("verify() names addresses beyond ASCII as far as ASCII can write them", async () => {
  const mailboxes = ["b\u00fccher@example.net", "joe@b\u00fccher.example"];
  const here = on(
    "AddRcptTo",
    (event, next) => mailboxes.includes(`${event.mailbox}`) ? pipe(["true"]) : next(),
  );
  const lists = explode({
    "a@example.net": ["joe@b\u00fccher.example"],
    "b@example.net": mailboxes,
  });
  using client = await asking(chain(mayAsk(), lists, here));
  assert.deepEqual(await said(client, `VRFY ${mailboxes[0]} SMTPUTF8`), [252, "2.6.8"]);
  assert.deepEqual(await said(client, `VRFY ${mailboxes[1]} SMTPUTF8`), [
    ...[250, "<joe@xn--bcher-kva.example>"],
  ]);
  assert.deepEqual(await said(client, `VRFY ${mailboxes[1]}`), [553, "5.6.7"]);
  assert.deepEqual(await said(client, "EXPN a@example.net"), [250, "<joe@xn--bcher-kva.example>"]);
  assert.deepEqual(await said(client, "EXPN b@example.net"), [252, "2.6.8"]);
});

Deno.test("verify() shows no list that is too long, and never a program", async () => {
  const members = Array.from({ length: 101 }, (_, i) => `user${i}@example.com`);
  const lists = alias({ "long@example.net": members, "most@example.net": members.slice(1) });
  const policy = chain(mayAsk(), localHosts(["example.net"]), lists, users);
  using client = await asking(policy);
  assert.deepEqual(await said(client, "EXPN long@example.net"), [252, "2.5.2"]);
  const all = await said(client, "EXPN most@example.net");
  assert.equal(all.length, 101);
  client.send("VRFY joe@example.net\r\nEXPN joe@example.net\r\nQUIT\r\n");
  for (let line = await client.line(); line !== undefined; line = await client.line()) {
    assert.ok(!line.includes(SECRET), line);
  }
});

Deno.test("verify() changes nothing for strangers, and users may ask once they have authenticated", async () => {
  const policy = chain(verify({ users: true, lists: true, domains: ["example.net"] }), site);
  using stranger = await asking(policy);
  const extensions = async (client: Client) => (await client.command("EHLO c.example")).lines;
  assert.ok(!(await extensions(stranger)).some((line) => /^(VRFY|EXPN)/.test(line)));
  assert.deepEqual(await said(stranger, "VRFY joe"), [252, "2.5.2"]);
  assert.deepEqual(await said(stranger, "VRFY nobody"), [252, "2.5.2"]);
  assert.deepEqual(await said(stranger, "EXPN staff"), [502, "5.5.1"]);
  assert.ok(!(await stranger.command("HELP")).lines.join(" ").includes("EXPN"));
  using user = await asking(policy, { user: "joe" });
  assert.deepEqual((await extensions(user)).slice(-2), ["VRFY", "EXPN"]);
  assert.ok((await user.command("HELP")).lines.includes("EXPN"));
  assert.deepEqual(await said(user, "VRFY nobody"), [550, "5.1.1"]);
  using reader = await asking(chain(verify({ users: true }), site), { user: "joe" });
  assert.deepEqual((await extensions(reader)).slice(-1), ["VRFY"]);
  assert.deepEqual(await said(reader, "EXPN staff@example.net"), [502, "5.5.1"]);
});

Deno.test("verify() may be there at some listeners only", async () => {
  const inside = verify({ networks: ["192.0.2.0/24"], lists: true });
  const policy = chain(when({ if: { listener: "lmtp" }, then: inside }), site);
  using other = await asking(policy);
  assert.deepEqual(await said(other, "VRFY joe@example.net"), [252, "2.5.2"]);
  const here = when({ if: { listener: ["192.0.2.25:25"] }, then: inside });
  using client = await asking(chain(here, site));
  assert.ok((await client.command("EHLO c.example")).lines.includes("EXPN"));
  assert.equal((await said(client, "EXPN staff@example.net")).length, 4);
});

Deno.test("questions of verify() cost nothing where recipients are counted", async () => {
  const policy = chain(
    mayAsk({ domains: ["example.net"] }),
    greylist({ delay: "1 h" }),
    rateLimit({ limit: 1, of: "recipients" }),
    site,
  );
  using client = await asking(policy);
  for (let i = 0; i < 5; i++) assert.deepEqual(await codes(client, "VRFY joe"), [250]);
  // In a transaction, too, and the transaction goes on.
  await codes(client, "EHLO c.example", "MAIL FROM:<ann@example.com>");
  assert.deepEqual(await codes(client, "VRFY joe", "EXPN team", "DATA"), [250, 250, 503]);
  assert.deepEqual(await codes(client, "RCPT TO:<joe@example.net>"), [451]);
});

Deno.test("mailboxes that VRFY and EXPN do not find are refused recipients", async () => {
  const guess = (i: number) => `${i % 2 === 0 ? "VRFY" : "EXPN"} guess${i}@example.net`;
  using client = await asking(chain(mayAsk(), site), { limits: { refusedRecipients: 6 } });
  await client.command("EHLO c.example");
  for (let i = 0; i < 6; i++) assert.deepEqual(await codes(client, guess(i)), [550]);
  assert.deepEqual(await codes(client, guess(6)), [421]);
  using busy = await asking(chain(mayAsk(), site), { limits: { refusedRecipients: 6 } });
  await codes(busy, "EHLO c.example", "MAIL FROM:<>", "RCPT TO:<joe@example.net>");
  for (let i = 0; i < 6; i++) assert.deepEqual(await codes(busy, guess(i)), [550]);
  assert.deepEqual(await codes(busy, guess(6), "RCPT TO:<jane@example.net>"), [452, 452]);
  assert.deepEqual(await codes(busy, "DATA", "x\r\n."), [354, 250]);
  // What is not offered is no guess.
  using stranger = await asking(site, { limits: { refusedRecipients: 2 } });
  for (let i = 0; i < 5; i++) assert.deepEqual(await codes(stranger, "EXPN x"), [502]);
  assert.deepEqual(await codes(stranger, "NOOP"), [250]);
});

Deno.test("meant() knows every mailbox, and invents none", () => {
  fc.assert(fc.property(mailbox, fc.boolean(), (one, brackets) => {
    const [read, ...others] = meant(brackets ? `<${one}>` : `${one}`, ["example.net"]);
    assert.ok(read?.equals(one) && others.length === 0, `${one}`);
  }));
  fc.assert(fc.property(fc.string(), (text) => {
    for (const one of meant(text, ["example.net"])) {
      assert.ok(one.domain === "example.net" || text.includes("@") || /postmaster/i.test(text));
    }
  }));
});

Deno.test("a running server answers VRFY and EXPN as its configuration says", async () => {
  await using server = await Running.start(() => ({
    users: ["you", "joe"],
    aliases: { sales: ["you", "joe"], postmaster: "you" },
    handlers: [{ verify: { networks: "127.0.0.1", lists: true, domains: "example.net" } }],
  }));
  using client = await server.connect();
  assert.deepEqual(await said(client, "VRFY you"), [250, "<you@example.net>"]);
  assert.deepEqual(await said(client, "EXPN sales"), [
    ...[250, "<you@example.net>", "<joe@example.net>"],
  ]);
  assert.deepEqual(await said(client, "EXPN postmaster"), [250, "<you@example.net>"]);
  assert.deepEqual(await said(client, "VRFY postmaster"), [250, "<postmaster@mx.example.net>"]);
  assert.deepEqual(await said(client, "VRFY nobody"), [550, "5.1.1"]);
  await server.logs(/ rejected .*event=Verify code=550/);
});
